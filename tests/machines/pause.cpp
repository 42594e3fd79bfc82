// The process that holds a pod's namespaces while its containers come and go.
#include <unistd.h>
#include <csignal>

int main() {
  // Process 1 has no default action for signals, so it must ask for its end; children that end leave nothing
  // to reap.
  std::signal(SIGTERM, [](int) { _exit(0); });
  std::signal(SIGINT, [](int) { _exit(0); });
  std::signal(SIGCHLD, SIG_IGN);
  while (true) {
    ::pause();
  }
}
