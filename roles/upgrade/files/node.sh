#!/bin/sh
# node.sh MODE [NAME=VALUE...]: what an upgrade, or a renewal of certificates, does on a node itself. Modes:
#   master   all static pods of a master at once with its kubelet, then the rest, which is kubeadm's own
#   worker   kubeadm's part, then the kubelet
#   back     a master's components as they were before
#   renew    a master's certificates, and its static pods anew with them
#   tidy     what nobody needs any more when all nodes have the target: images of other releases needn't be kept
# Values: target (version), from (version), artifacts (folder), endpoint (address), once (yes on the first master), ignore
# (kubeadm's preflight errors), members (of etcd, as its flag initial-cluster takes them), mark (which node the host is to be).
# It can be killed and run again; a second one waits for the first.
set -eu
PATH=/usr/local/bin:$PATH
mode=$1
shift
target='' from='' artifacts='' endpoint='' once='' ignore='' members='' mark=''
for pair in "$@"; do
  case ${pair%%=*} in
    target) target=${pair#*=} ;; from) from=${pair#*=} ;; artifacts) artifacts=${pair#*=} ;; endpoint) endpoint=${pair#*=} ;;
    once) once=${pair#*=} ;; ignore) ignore=${pair#*=} ;; members) members=${pair#*=} ;;
    mark) mark=${pair#*=} ;;
    *) echo "unknown: $pair" >&2; exit 2 ;;
  esac
done
before=$artifacts/before
tree=/var/cache/csk/release # csk_node_files put it there: what roles node and node_image install
stale=/run/csk-containerd-stale # containerd runs with what was there before
config=/etc/csk/kubeadm/upgrade.yaml
leave=/run/csk-endpoint-leave
kept=/run/csk-endpoint-kept
manifests=/etc/kubernetes/manifests
components='etcd kube-apiserver kube-controller-manager kube-scheduler'

if [ -n "$mark" ] && [ -e /etc/csk/node ] && [ "$(cat /etc/csk/node)" != "$mark" ]; then
  echo "this host is $(cat /etc/csk/node), not $mark" >&2
  exit 1
fi
exec 9> /run/lock/csk-kubeadm
flock --timeout 600 9

started=$(date +%s%N)
step() { # what ended, with its seconds
  ended=$(date +%s%N)
  echo "csk-step $(((ended - started) / 1000000)) ms: $*"
  started=$ended
}

fail() {
  echo "$*" >&2
  exit 1
}

put() { # FROM TO: in one step, so that nobody ever runs half a program
  cp -p "$1" "$2.csk-new"
  mv -f "$2.csk-new" "$2"
}

answers() { curl --silent --fail --insecure --max-time 3 "$1"; }

well() { # VERSION: this master's own components, each asked by itself
  answers https://127.0.0.1:6443/readyz > /dev/null &&
    answers https://127.0.0.1:6443/version | grep -q "\"gitVersion\": \"v$1\"" &&
    answers http://127.0.0.1:2381/health | grep -q '"health":"true"' &&
    answers https://127.0.0.1:10257/healthz > /dev/null &&
    answers https://127.0.0.1:10259/healthz > /dev/null
}

crashes() { # components that ended at once three times: they would again
  for name in $components; do
    id=$(crictl ps --all --quiet --state exited --name "^$name\$" | head -n 1)
    if [ -z "$id" ] || [ -n "$(crictl ps --quiet --name "^$name\$")" ]; then continue; fi
    # shellcheck disable=SC2046 # three words
    set -- $(crictl inspect --output go-template --template \
      '{{.status.metadata.attempt}} {{.status.startedAt}} {{.status.finishedAt}}' "$id")
    if [ "$1" -ge 2 ] && [ $(($(date -d "$3" +%s) - $(date -d "$2" +%s))) -le 2 ]; then echo "$name"; fi
  done
}

wait_well() { # VERSION, for five minutes at most, as kubeadm
  begun=$(date +%s)
  until well "$1"; do
    passed=$(($(date +%s) - begun))
    if [ $passed -gt 300 ] || { [ $passed -gt 20 ] && [ -n "$(crashes)" ]; }; then
      exited=$(crictl ps --all --state exited --output json | grep -o '"name": "\(etcd\|kube-[a-z-]*\)"' | sort -u | tr '\n' ' ')
      fail "the static pods aren't well after $passed s; ended containers: ${exited:-none}; last lines: $(last_lines)"
    fi
    sleep 0.3
  done
}

last_lines() { # of the newest container of a component that ended
  for name in $components; do
    id=$(crictl ps --all --quiet --state exited --name "^$name\$" | head -n 1)
    if [ -n "$id" ] && [ -z "$(crictl ps --quiet --name "^$name\$")" ]; then
      echo "$name: $(crictl logs --tail 2 "$id" 2>&1 | tail -c 300 | tr '\n' ' ')"
    fi
  done
}

leave_endpoint() { # keepalived looks at the mark every second
  # What was asked at the endpoint is answered from its address, or its client would wait in vain: so this master keeps the
  # address where nobody sees it, until its API server ends. The settings of ARP are those of LVS for the same.
  device=$(holds_endpoint)
  if [ -n "$device" ]; then
    arp=/proc/sys/net/ipv4/conf/$device
    if [ ! -e $kept ]; then
      echo "$device $(cat "$arp/arp_ignore") $(cat "$arp/arp_announce")" > $kept.new
      mv $kept.new $kept
    fi
    echo 1 > "$arp/arp_ignore"
    echo 2 > "$arp/arp_announce"
    ip address replace "$endpoint/32" dev lo
  fi
  touch $leave
}

holds_endpoint() { # the interface that has the endpoint's address, or nothing
  ip -oneline -4 address show | awk -v address="$endpoint/" '$2 != "lo" && index($4, address) == 1 {print $2; exit}'
}

give_away() { # the endpoint, while its API server still serves
  tries=0
  while [ -n "$(holds_endpoint)" ]; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || fail "the endpoint $endpoint doesn't leave this master; is another one ready?"
    sleep 0.1
  done
}

forget_endpoint() { # nothing here answers any longer
  [ -e $kept ] || return 0
  ip address delete "$endpoint/32" dev lo 2> /dev/null || :
  read -r device arp_ignore arp_announce < $kept
  echo "$arp_ignore" > "/proc/sys/net/ipv4/conf/$device/arp_ignore"
  echo "$arp_announce" > "/proc/sys/net/ipv4/conf/$device/arp_announce"
  rm $kept
}

stop_containers() { # NAMES, at once
  for name in "$@"; do
    for id in $(crictl ps --quiet --name "^$name\$"); do
      crictl stop --timeout 5 "$id" > /dev/null &
    done
  done
  wait
}

stop_static_pods() { # the kubelet is stopped, so nothing starts them again
  # An API server waits up to a minute for connections whose clients went away with the endpoint; what is asked of it
  # ends within seconds. Etcd comes last, for the others write to it; it hands its leadership over on SIGTERM.
  stop_containers kube-apiserver kube-controller-manager kube-scheduler
  forget_endpoint
  stop_containers etcd
  for pod in $(crictl pods --quiet --namespace kube-system --label tier=control-plane); do
    crictl rmp --force "$pod" > /dev/null &
  done
  wait
}

keep_before() { # what is on a master now, whole before its mark is
  if [ "$(cat "$before/target" 2> /dev/null)" = "$target" ]; then return; fi
  rm -rf "$before"
  mkdir -p "$before/root" "$before/manifests" "$before/kubelet"
  : > "$before/new"
  of_target | while read -r file there; do
    if [ ! -e "$there" ]; then echo "$there" >> "$before/new"; elif ! same "$file" "$there"; then keep "$there"; fi
  done
  for there in /etc/kubernetes/kubelet.conf.d/10-machine.conf /etc/cni/net.d/10-containerd-net.conflist /etc/csk/node-release; do
    if [ -e $there ]; then keep $there; fi
  done
  cp -p $manifests/*.yaml "$before/manifests/"
  cp -p /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env "$before/kubelet/"
  echo "$target" > "$before/target"
}

keep() { # FILE
  mkdir -p "$before/root${1%/*}"
  cp -p "$1" "$before/root$1"
}

of_target() { # all that a node of the target has of csk: where from, and where
  for file in "$artifacts"/bin/*; do echo "$file /usr/local/bin/${file##*/}"; done
  for file in "$artifacts"/cni/*; do echo "$file /opt/cni/bin/${file##*/}"; done
  while read -r there; do echo "$tree/root$there $there"; done < $tree/files
}

same() { # ONE OTHER
  cmp -s "$1" "$2" && [ "$(stat -c %a "$1")" = "$(stat -c %a "$2")" ]
}

swap() { # what of the target differs, while the kubelet is stopped; containers go on running meanwhile
  # What is this machine's own in containerd's settings is known before they take their place.
  $tree/root/usr/local/lib/csk/detect $tree/root/etc/containerd/config.toml > /dev/null
  of_target | while read -r file there; do
    if ! same "$file" "$there"; then replace "$file" "$there"; fi
  done
  # shellcheck disable=SC2046 # units' names
  systemctl enable --quiet $(units)
  take_effect
}

replace() { # FROM TO
  case $2 in */containerd | */containerd.service | */containerd/config.toml) touch $stale ;; esac
  mkdir -p "${2%/*}"
  put "$1" "$2"
}

units() { # of the target's own, those that are there at each boot
  (cd $tree/root/etc/systemd/system && grep -ls '^\[Install\]' -- *.service *.path)
}

take_effect() { # what was put there
  systemctl daemon-reload
  sed -n '/^\/etc\/sysctl.d\//p' $tree/files | while read -r file; do
    if [ -e "$file" ]; then sysctl --quiet --load="$file" || echo "$file isn't in effect"; fi
  done
  if ! systemd-detect-virt --quiet --container; then systemctl restart systemd-modules-load; fi
  for unit in $(units); do
    case $unit in *.path) if [ -e "/etc/systemd/system/$unit" ]; then systemctl start "$unit"; fi ;; esac
  done
  if [ -x /usr/local/lib/csk/network ]; then /usr/local/lib/csk/network; fi
  if [ -e $stale ]; then
    systemctl restart containerd
    rm $stale
  fi
}

unswap() { # all files as they were before the target's
  while read -r there; do
    case $there in /etc/systemd/system/*) systemctl disable --now --quiet "${there##*/}" 2> /dev/null || : ;; esac
    rm -f "$there"
  done < "$before/new"
  (cd "$before/root" && find . -type f) | while read -r file; do
    there=${file#.}
    if ! same "$before/root$there" "$there"; then replace "$before/root$there" "$there"; fi
  done
  take_effect
}

start_kubelet() {
  systemctl start kubelet
  tries=0
  until answers http://127.0.0.1:10248/healthz > /dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || fail "the kubelet doesn't answer: $(journalctl --no-pager -u kubelet -n 3 --output cat | tail -c 400)"
    sleep 0.3
  done
}

configs='kubeadm-config kubelet-config'
admin() { kubectl --kubeconfig /etc/kubernetes/admin.conf --namespace kube-system "$@"; }

keep_configs() { # of kubeadm in the cluster, as they are before the first master has the target
  for config_map in $configs; do
    if [ -e "$before/$config_map.json" ]; then continue; fi
    data=$(admin get configmap "$config_map" --output 'jsonpath={.data}')
    printf '{"data": %s}' "$data" > "$before/$config_map.new"
    mv "$before/$config_map.new" "$before/$config_map.json"
  done
}

put_configs_back() {
  for config_map in $configs; do
    if [ ! -e "$before/$config_map.json" ]; then continue; fi
    tries=0
    until admin patch configmap "$config_map" --type merge --patch-file "$before/$config_map.json"; do
      tries=$((tries + 1))
      [ $tries -lt 30 ] || fail "kubeadm's ConfigMap $config_map isn't put back"
      sleep 1
    done
  done
}

stamp() { # all of it is there, so it is what role node would say
  put $tree/node-release /etc/csk/node-release
}

unpin() { # the images of other releases, which have the names of this one's; those that somebody loaded stay
  for image in $(ctr --namespace k8s.io images list --quiet 'labels."io.cri-containerd.pinned"==pinned,labels."csk.dev/loaded"!=yes'); do
    case $image in
      sha256:*) if grep -qx "$image" $tree/ids; then continue; fi ;; # containerd itself pins the sandboxes' image, by its ID too
      *) if grep -qx "$image" $tree/images || ! grep -q "^${image%:*}:" $tree/images; then continue; fi ;;
    esac
    ctr --namespace k8s.io images label "$image" io.cri-containerd.pinned= > /dev/null
    echo "unpinned $image"
  done
}

change_master() {
  leave_endpoint
  kubeadm certs renew all --config $config
  give_away
  step "certificates renewed, endpoint given away"
  systemctl stop kubelet
  stop_static_pods & # the API server takes seconds to end what was asked of it
  kubeadm init phase etcd local --config $config
  kubeadm init phase control-plane all --config $config
  wait $!
  step "manifests written, static pods stopped"
  # A kubelet of another minor would start all static pods anew: the hash that tells them apart is another one. This kubelet
  # asks this master's own API server, so it is never newer than the one that it asks.
  swap
  start_kubelet
  wait_well "$target"
  echo "$target" > "$before/changed"
  step "kubelet and static pods are well with $target"
}

etcd_may_go_back() { # its own member failed, and the cluster hasn't risen to the new minor
  if answers http://127.0.0.1:2381/health | grep -q '"health":"true"'; then return 1; fi
  old=$(sed -n 's|.*image: .*/etcd:v\{0,1\}\([0-9]*\.[0-9]*\)\..*|\1|p' "$before/manifests/etcd.yaml" | head -n 1)
  pki=/etc/kubernetes/pki/etcd
  for peer in $(echo "$members" | grep -o 'https://[0-9.]*' | cut -c 9-); do
    risen=$(curl --silent --max-time 3 --cacert $pki/ca.crt --cert $pki/healthcheck-client.crt --key $pki/healthcheck-client.key \
      "https://$peer:2379/version" | sed -n 's/.*"etcdcluster":"\([0-9]*\.[0-9]*\)\..*/\1/p')
    if [ -n "$risen" ]; then [ "$risen" = "$old" ] && return 0 || return 1; fi
  done
  return 1
}

own_data() { # of etcd: the mark that this master got when it was ready lies among them too
  if [ -e /etc/csk/etcd-mark ] && ! cmp -s /etc/csk/etcd-mark /var/lib/etcd/member/csk-mark; then
    fail "etcd's data on this master aren't those that it had: the playbook csk.kubernetes.create replaces it"
  fi
}

never_new() { # an etcd that is to find data, and finds none; kubeadm alone, and an earlier csk's upgrade, left that open
  file=$manifests/etcd.yaml
  if [ -z "$members" ] || grep -q -e --initial-cluster-state= $file; then return; fi
  existing="\1- --initial-cluster=$members\n\1- --initial-cluster-state=existing"
  (umask 077 && sed -E "s|^( *)- --initial-cluster=.*|$existing|" $file > /run/csk-etcd.yaml)
  put /run/csk-etcd.yaml $file
}

case $mode in
  master)
    own_data
    keep_before
    put "$artifacts/bin/kubeadm" /usr/local/bin/kubeadm
    if [ ! -e "$before/changed" ] || ! well "$target"; then change_master; fi
    settings=$(cat /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env)
    if [ "$once" = yes ]; then
      keep_configs
      kubeadm upgrade apply "v$target" --yes --skip-phases=control-plane,addon --ignore-preflight-errors="$ignore"
    else
      kubeadm upgrade node --skip-phases=control-plane,addon --ignore-preflight-errors="$ignore"
    fi
    if [ "$settings" != "$(cat /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env)" ]; then
      systemctl stop kubelet
      start_kubelet
    fi
    wait_well "$target"
    stamp
    rm -f $leave $config /etc/csk/kubeadm/patches/corednsdeployment.yaml /etc/csk/kubeadm/patches/etcd.yaml
    step "kubeadm upgrade"
    ;;
  worker)
    put "$artifacts/bin/kubeadm" /usr/local/bin/kubeadm
    kubeadm upgrade node --ignore-preflight-errors="$ignore"
    step "kubeadm upgrade"
    systemctl stop kubelet
    swap
    start_kubelet
    stamp
    step "kubelet replaced"
    ;;
  back)
    if [ ! -e "$before/target" ]; then
      rm -f $leave
      echo "nothing was changed"
      exit 0
    fi
    touch $leave
    etcd=stays
    if etcd_may_go_back; then etcd=goes; fi
    systemctl stop kubelet
    for name in $components; do
      if [ "$name" = etcd ] && [ $etcd = stays ]; then continue; fi
      put "$before/manifests/$name.yaml" "$manifests/$name.yaml"
    done
    never_new
    stop_static_pods
    cp -p "$before"/kubelet/* /var/lib/kubelet/
    unswap
    start_kubelet
    wait_well "$from"
    rm -f $leave
    put_configs_back
    rm -rf "$before"
    step "put back; etcd's new version $etcd"
    ;;
  renew)
    own_data
    trap 'forget_endpoint; rm -f $leave' EXIT
    leave_endpoint
    kubeadm certs renew all
    give_away
    systemctl stop kubelet
    never_new
    stop_static_pods
    start_kubelet
    wait_well "$from"
    step "certificates renewed, static pods started with them"
    ;;
  tidy)
    if [ ! -e $tree/node-release ] || ! cmp -s $tree/node-release /etc/csk/node-release; then exit 0; fi
    unpin
    rm -rf $tree
    ;;
esac
