#!/usr/bin/env bash
# Builds what the virtual machine boots from: a Debian kernel, an initramfs, a root image. Needs root on Debian; downloads
# Debian's packages and nothing else.
#
#   build.sh DIR     leaves DIR/vmlinuz, DIR/initrd.img, DIR/root.ext4.zst (about 1 GB of room)
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
out=$1
root=$out/root
suite=bookworm
mkdir -p "$out"

host_packages=(qemu-system-x86 seabios ipxe-qemu debootstrap busybox-static cpio zstd e2fsprogs kmod)
guest_packages=(
  systemd systemd-sysv udev dbus kmod iproute2 procps e2fsprogs util-linux zstd
  qemu-guest-agent mdadm nvme-cli smartmontools rdma-core logrotate libatomic1
)

in_root() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }

host() {
  dpkg-query -W "${host_packages[@]}" >/dev/null 2>&1 && return
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${host_packages[@]}" ||
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${host_packages[@]}"; }
}

# An earlier build that was interrupted leaves debootstrap's mounts in the tree: they go first, and nothing is removed
# through one that stays.
clear_root() {
  local mounted
  awk -v at="$root/" 'index($5, at) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r mounted; do
    umount "$mounted"
  done
  rm -rf --one-file-system "$root"
}

packages() {
  clear_root
  debootstrap --variant=minbase "$suite" "$root"
  # This host's Debian sources, so that a mirror set here serves the guest's packages too.
  rm -f "$root/etc/apt/sources.list"
  for f in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
    [ -f "$f" ] && grep -v '^#' "$f" && echo
  done | sed -E "s/\b(bookworm|trixie)\b/$suite/g; s#^Signed-By:.*#Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg#" \
    >"$root/etc/apt/sources.list.d/debian.sources"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
  printf 'path-exclude=/usr/share/%s/*\n' doc man locale info >"$root/etc/dpkg/dpkg.cfg.d/slim"
  in_root apt-get update -q
  in_root apt-get install -y -q --no-install-recommends "${guest_packages[@]}"
}

# Modules that the image keeps: all of them are 290 MiB, and unpacking is most of a boot.
keep='arch/x86/crypto|crypto|lib|block|fs/(ext4|jbd2|mbcache|fat|nls|pstore|autofs|configfs)|mm|net/(core|ipv4|ipv6|packet|unix|sched)|kernel|drivers/(acpi|base|block|char|firmware|hwmon|infiniband/(core|sw)|md|net/[a-z_]+\.ko|nvme|pci|rtc|scsi/[a-z_0-9]+\.ko|virtio|watchdog)'

kernel() {
  local package version modules
  package=$(in_root apt-cache depends --important linux-image-amd64 | awk '/Depends: linux-image-[0-9]/{print $2; exit}')
  rm -rf "$out/kernel" "$root/tmp/kernel"
  mkdir -p "$root/tmp/kernel"
  in_root sh -c "cd /tmp/kernel && apt-get download -q $package"
  dpkg-deb -x "$root"/tmp/kernel/*.deb "$out/kernel"
  rm -rf "$root/tmp/kernel"
  version=$(ls "$out/kernel/lib/modules")
  cp --remove-destination "$out/kernel/boot/vmlinuz-$version" "$out/vmlinuz"
  modules=$root/usr/lib/modules/$version
  rm -rf "$modules"
  mkdir -p "$modules"
  (
    cd "$out/kernel/lib/modules/$version"
    cp modules.builtin modules.builtin.modinfo modules.order "$modules/"
    find kernel -name '*.ko*' | grep -E "^kernel/($keep)" | cpio -pdm --quiet "$modules"
  )
  depmod -b "$root" "$version"
  echo "$version" >"$out/version"
}

configuration() {
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/usr/share/{doc,man,locale,info}/* \
    "$root"/usr/sbin/policy-rc.d "$root"/usr/lib/udev/hwdb.bin "$root"/var/lib/dbus/machine-id
  cp -r "$here/guest/etc/." "$root/etc/"
  install -m755 "$here/guest/devices" "$root/usr/local/sbin/devices"
  echo zramnode >"$root/etc/hostname"
  printf '127.0.0.1 localhost zramnode\n' >"$root/etc/hosts"
  : >"$root/etc/machine-id"
  : >"$root/etc/fstab"
  in_root passwd -d root >/dev/null
  in_root systemctl enable devices systemd-networkd >/dev/null 2>&1
  in_root systemctl mask systemd-networkd-wait-online.service getty@tty1.service apt-daily.timer apt-daily-upgrade.timer \
    dpkg-db-backup.timer fstrim.timer e2scrub_all.timer e2scrub_reap.service mdmonitor.service smartmontools.service >/dev/null 2>&1
}

image() {
  local mib size padding
  mib=$(($(du -sxm "$root" | cut -f1) * 12 / 10 + 48))
  rm -f "$out/root.ext4"
  mke2fs -q -F -t ext4 -b 4096 -m 0 -E lazy_itable_init=1,lazy_journal_init=1,resize=4G -d "$root" "$out/root.ext4" "${mib}M"
  zstd -q -f -T2 -6 --rm "$out/root.ext4" -o "$out/root.ext4.new"
  # A drive is whole sectors: filled up with a skippable frame of zstd, so that unpacking it ends cleanly.
  size=$(stat -c %s "$out/root.ext4.new")
  padding=$(((8192 - (size + 8) % 4096) % 4096))
  {
    printf '\x50\x2a\x4d\x18'
    printf "\\x$(printf %02x $((padding & 255)))\\x$(printf %02x $((padding >> 8)))\\x00\\x00"
    head -c "$padding" /dev/zero
  } >>"$out/root.ext4.new"
  mv "$out/root.ext4.new" "$out/root.ext4.zst"
}

initramfs() {
  local tree=$out/initramfs version name file
  version=$(cat "$out/version")
  rm -rf "$tree"
  mkdir -p "$tree"/{bin,sbin,dev,proc,sys,newroot,etc,lib/modules/"$version"}
  cp "$(command -v busybox)" "$tree/bin/busybox"
  for name in sh mount umount cat echo mkdir sleep modprobe switch_root cut dd; do ln -sf busybox "$tree/bin/$name"; done
  ln -sf ../bin/busybox "$tree/sbin/modprobe" # where the kernel looks for it: crypto-crc32c for ext4
  for name in /sbin/resize2fs /bin/tar /usr/bin/zstd; do
    install -Dm755 "$root/$(in_root readlink -f "$name")" "$tree/bin/$(basename "$name")"
    for file in $(in_root ldd "$name" | grep -oE '/[^ ]+\.so[^ ]*'); do
      install -Dm755 "$root/$(in_root readlink -f "$file")" "$tree$file"
    done
  done
  mv "$tree/bin/tar" "$tree/bin/gtar" # busybox prefers its own tar
  for name in zram lz4 lz4_compress zstd lzo lzo_rle ext4 crc32c_generic crc32c_intel virtio_blk virtio_pci; do
    modprobe -d "$root" -S "$version" --show-depends "$name" 2>/dev/null | awk '/^insmod/{print $2}'
  done | sort -u | while read -r file; do
    file=$(readlink -f "$file")
    install -Dm644 "$file" "$tree/lib/modules/$version/${file##*/modules/"$version"/}"
  done
  cp "$out/kernel/lib/modules/$version/"modules.{builtin,builtin.modinfo,order} "$tree/lib/modules/$version/"
  depmod -b "$tree" "$version"
  install -m755 "$here/guest/init" "$tree/init"
  (cd "$tree" && find . | cpio -o -H newc --quiet | zstd -q -3) >"$out/initrd.new"
  mv "$out/initrd.new" "$out/initrd.img" # by rename: a running QEMU has the old one mapped
}

for step in host packages kernel configuration image initramfs; do
  echo "## $step"
  "$step"
done
clear_root
rm -rf "$out/kernel" "$out/initramfs"
