{{- define "patchwave.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "patchwave.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "patchwave.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "patchwave.selectorLabels" -}}
app.kubernetes.io/name: {{ include "patchwave.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "patchwave.commonLabels" -}}
app.kubernetes.io/name: {{ include "patchwave.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: patchwave
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "patchwave.labels" -}}
{{ include "patchwave.commonLabels" . }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "patchwave.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "patchwave.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "patchwave.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag -}}
{{- if .Values.image.digest -}}
{{- printf "%s:%s@%s" .Values.image.repository $tag .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository $tag -}}
{{- end -}}
{{- end -}}

{{/* The configuration file: values.config without what is empty, and with the name of our lease. */}}
{{- define "patchwave.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $_ := set $config.leaderElection "leaseName" (include "patchwave.fullname" .) -}}
{{- range $key := list "url" "bearerTokenFile" "caFile" "basicAuth" -}}
{{- if not (get $config.prometheus $key) -}}
{{- $_ := unset $config.prometheus $key -}}
{{- end -}}
{{- end -}}
{{- range $key := list "registries" "feeds" -}}
{{- if not (get $config $key) -}}
{{- $_ := unset $config $key -}}
{{- end -}}
{{- end -}}
{{- if .Values.nodeJobs.enabled -}}
{{- $_ := set $config "nodeJobs" (dict "namespace" .Values.nodeJobs.namespace
  "serviceAccount" (printf "%s-node-job" (include "patchwave.fullname" .))) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}
