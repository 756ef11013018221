/* GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The process that keeps a pod's namespaces. It ends on SIGINT and SIGTERM, and takes in processes whose
 * parent has gone, because it may be the first process of the pod. -v prints the version, as kubeadm's check asks.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void leave(int number) { (void)number; _exit(0); }
static void reap(int number) { (void)number; while (waitpid(-1, NULL, WNOHANG) > 0) { } }

int main(int argc, char **argv) {
  struct sigaction end = {.sa_handler = leave}, child = {.sa_handler = reap, .sa_flags = SA_NOCLDSTOP};
  if (argc > 1 && strcmp(argv[1], "-v") == 0) { puts("pause.c csk"); return 0; }
  if (sigaction(SIGINT, &end, NULL) || sigaction(SIGTERM, &end, NULL) || sigaction(SIGCHLD, &child, NULL)) return 1;
  for (;;) pause();
}
