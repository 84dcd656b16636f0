#!/bin/sh
# The system libraries that Qt's wheels expect and do not bring. Installs them where it may (root, or sudo without a
# password), otherwise says which are missing; never asks for a password, never fails: headless use needs none.
set -u
python=${1:-python3}

# soname -> Debian/Ubuntu package
wanted='
libEGL.so.1 libegl1
libGL.so.1 libgl1
libxkbcommon.so.0 libxkbcommon0
libxkbcommon-x11.so.0 libxkbcommon-x11-0
libxcb-cursor.so.0 libxcb-cursor0
libxcb-icccm.so.4 libxcb-icccm4
libxcb-image.so.0 libxcb-image0
libxcb-keysyms.so.1 libxcb-keysyms1
libxcb-render-util.so.0 libxcb-render-util0
libxcb-shape.so.0 libxcb-shape0
libxcb-xinerama.so.0 libxcb-xinerama0
libdbus-1.so.3 libdbus-1-3
libfontconfig.so.1 libfontconfig1
libglib-2.0.so.0 libglib2.0-0
'
[ "$(uname -s)" = Linux ] || exit 0
known=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null)
packages=$(printf '%s\n' "$wanted" | while read -r soname package; do
    [ -n "$soname" ] || continue
    printf '%s\n' "$known" | grep -qF "$soname" || printf '%s ' "$package"
done)
"$python" -c 'import ensurepip, venv' 2>/dev/null || packages="$packages python3-venv"
fc-list 2>/dev/null | grep -q . || packages="$packages fonts-dejavu-core fontconfig"
[ -n "$packages" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "Qt needs system libraries that were not found; on Debian they are called: $packages"
    exit 0
fi
if [ "$(id -u)" = 0 ]; then
    may=''
elif sudo -n true 2>/dev/null; then
    may='sudo -n'
else
    echo "Qt needs system libraries that are missing here. Install them with:"
    echo "    sudo apt-get install $packages"
    exit 0
fi
echo "installing system libraries for Qt: $packages"
# shellcheck disable=SC2086
$may apt-get update -qq && DEBIAN_FRONTEND=noninteractive $may apt-get install -y -qq --no-install-recommends $packages >/dev/null ||
    echo "could not install them; the window may not open, everything else works"
exit 0
