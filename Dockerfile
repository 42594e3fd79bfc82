# The operator and kubectl-patchwave, in an image that holds nothing else: no shell, no package manager.
#
#   docker build -t patchwave .
#
# BASE_BUILD is a Debian 12 with its package sources. BASE_RUNTIME may be anything that does not have other versions
# of the libraries that are copied into it; `scratch` has none.
ARG BASE_BUILD=debian:bookworm-slim
ARG BASE_RUNTIME=scratch

FROM ${BASE_BUILD} AS compilers
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      cmake ninja-build g++ ccache mold ca-certificates tzdata \
      libcpprest-dev libyaml-cpp-dev nlohmann-json3-dev libssl-dev prometheus-cpp-dev libboost-dev \
      libboost-system-dev libsimdjson-dev libcli11-dev libfmt-dev libre2-dev libcctz-dev zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*

FROM compilers AS build
WORKDIR /source
COPY CMakeLists.txt ./
COPY cmake cmake
COPY operator operator
COPY controllers controllers
# What was compiled before is not compiled again. A builder that has a cache of its own mounts it and names it here;
# the build folder lies where `./dev build` has it, because that is part of what the cache compares.
ARG CCACHE_DIR=/root/.cache/ccache
ARG CCACHE_MAXSIZE=2G
RUN --mount=type=cache,id=patchwave-ccache,target=/root/.cache/ccache \
    cmake -S . -B build -G Ninja -DBUILD_TESTING=OFF && ninja -C build patchwave kubectl-patchwave && ccache --show-stats
# What the programs load, at the paths where they look for it, with time zones and certificate authorities.
RUN set -eu; \
    mkdir -p /runtime/usr/local/bin /runtime/usr/share /runtime/etc/ssl/certs /runtime/tmp; \
    cp build/bin/patchwave build/bin/kubectl-patchwave /runtime/usr/local/bin/; \
    strip --strip-debug /runtime/usr/local/bin/*; \
    ldd build/bin/patchwave build/bin/kubectl-patchwave | grep -o '/[^ :]*\.so[^ ]*' | sort -u | \
      while read -r library; do mkdir -p "/runtime$(dirname "$library")"; cp -L "$library" "/runtime$library"; done; \
    cp -r /usr/share/zoneinfo /runtime/usr/share/; \
    cp /etc/ssl/certs/ca-certificates.crt /runtime/etc/ssl/certs/; \
    mkdir -p /runtime/usr/lib/ssl; ln -s /etc/ssl/certs /runtime/usr/lib/ssl/certs; \
    ln -s /etc/ssl/certs/ca-certificates.crt /runtime/usr/lib/ssl/cert.pem; \
    echo 'hosts: files dns' > /runtime/etc/nsswitch.conf; \
    echo 'patchwave:x:65532:65532::/:/sbin/nologin' > /runtime/etc/passwd; \
    echo 'patchwave:x:65532:' > /runtime/etc/group

FROM ${BASE_RUNTIME}
LABEL org.opencontainers.image.title=patchwave \
      org.opencontainers.image.licenses=Apache-2.0
COPY --from=build /runtime/ /
USER 65532:65532
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/patchwave"]
