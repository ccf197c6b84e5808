#!/bin/sh
# Fetches the font packs that are too large for the program into a folder (CUTLINE_FONTS, else bin/fonts, where the program
# looks): `fonts/fetch.sh cjk` or `fonts/fetch.sh emoji`. `cjk sc` takes Simplified Chinese alone (sc, tc, jp, kr).
# The packages come through npm and apt-get as they are set up; each file is held against its checksum. All are OFL-1.1.
set -eu
to=${CUTLINE_FONTS:-bin/fonts}
mkdir -p "$to"
to=$(cd "$to" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

cjk() { # name in the package, name of the file, checksum
	npm pack --silent "@expo-google-fonts/noto-sans-$1@0.4.3" >/dev/null
	tar xzf "expo-google-fonts-noto-sans-$1-0.4.3.tgz"
	echo "$3  package/700Bold/NotoSans$2_700Bold.ttf" | sha256sum -c --quiet -
	cp "package/700Bold/NotoSans$2_700Bold.ttf" "$to/"
	cp package/LICENSE_FONT "$to/OFL-noto-sans-$1.txt"
	echo "$to/NotoSans$2_700Bold.ttf"
}

what=${1:-}
[ $# -gt 0 ] && shift
case $what in
cjk)
	for name in ${*:-sc tc jp kr}; do
		case $name in
		sc) cjk sc SC 9a38ae0ab28cd5a256f9ea8e00dedc688aac17f7915fcb000572990afa956b96 ;;
		tc) cjk tc TC ed4ae6ed781e34d0beee896e9be5d835a938ac7adabbcc1b6b6904290006f372 ;;
		jp) cjk jp JP c5b7b9d6a6eb682b0d4e6bbb38509575fd2759a28f147daa74714d1359a7909e ;;
		kr) cjk kr KR 4ffa20c272ae6d689f7c8d34ff9c8039a326e9c334d9fc8852b2a7396227d077 ;;
		*) echo "fetch.sh cjk: $name is none of sc, tc, jp, kr" >&2; exit 2 ;;
		esac
	done
	;;
emoji)
	apt-get download -q fonts-noto-color-emoji >/dev/null
	dpkg-deb -x fonts-noto-color-emoji_*.deb .
	cp usr/share/fonts/truetype/noto/NotoColorEmoji.ttf "$to/"
	cp usr/share/doc/fonts-noto-color-emoji/copyright "$to/OFL-noto-color-emoji.txt"
	echo "$to/NotoColorEmoji.ttf"
	;;
*)
	echo "usage: fonts/fetch.sh cjk [sc tc jp kr] | emoji" >&2
	exit 2
	;;
esac
