#!/usr/bin/env bash
# A machine for the time of one command: the programs and the network of this one, with
# processes, a running systemd and files of its own, which go with it. Needs root.
#   deploy/trials/machine.sh deploy/trials/i-package.sh OLD.deb NEW.deb
set -euo pipefail
if [ "${1:?a command}" = --boot ]; then
    root=$2
    mount --make-rprivate /
    mount -t tmpfs tmpfs "$root"
    mkdir "$root"/{new,work,all}
    mount -t overlay overlay -o "lowerdir=/,upperdir=$root/new,workdir=$root/work" "$root/all"
    mount -t proc proc "$root/all/proc"
    for folder in sys dev; do mount --rbind /$folder "$root/all/$folder"; done
    for folder in run tmp; do mount -t tmpfs tmpfs "$root/all/$folder"; done
    # The devices and the kernel stay those of the outside, as they are.
    for unit in systemd-udevd.service systemd-udevd-{control,kernel}.socket systemd-udev-trigger.service \
        systemd-sysctl.service systemd-modules-load.service; do
        ln -sf /dev/null "$root/all/etc/systemd/system/$unit"
    done
    # No mere chroot, in which there are no users of a unit's own.
    mkdir "$root/all/former"
    cd "$root/all" && pivot_root . former && umount -l former
    exec env -i container=trial PATH="$PATH" /lib/systemd/systemd --system --unit=basic.target --show-status=no
fi

root=$(mktemp -d)
unshare --fork --kill-child --pid --mount --uts --ipc --cgroup "$0" --boot "$root" >"$root.log" 2>&1 &
outside=$!
end() {
    kill -KILL "$outside" 2>/dev/null || true
    wait "$outside" 2>/dev/null || true
    rmdir "$root" && rm "$root.log"
}
trap end EXIT
inside() { (cd / && nsenter --target "$(pgrep -P "$outside")" --all --root env -C "$OLDPWD" PATH="$PATH" TERM=dumb "$@"); }
for _ in $(seq 100); do
    # It may be degraded by what is of no concern here.
    case $(inside systemctl is-system-running 2>/dev/null || true) in running | degraded) up=1 && break ;; esac
    sleep 0.1
done
if [ -z "${up:-}" ]; then cat "$root.log" >&2; echo "no systemd came up" >&2; exit 1; fi
inside "$@"
