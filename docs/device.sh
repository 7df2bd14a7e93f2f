#!/usr/bin/env bash
# A device of Oppidum with bash, openssl and curl, made from specs/ alone: bash device.sh CITY_URL FOLDER SENSOR UNIT VALUE CLOCK_ERROR_MS
# FOLDER holds city.policy; the key and everything else is made in it. VALUE is a whole number. It verifies no receipt, so it deletes
# nothing: what the city answered with a receipt goes to FOLDER/sent. See docs/devices.md.
set -euo pipefail
umask 077
city=$1 folder=$2 sensor=$3 unit=$4 value=$5 clock_error=$6
item() { # major type, number: the shortest head (specs/cbor.md), in hex as everything here
  if (($2 < 24)); then printf '%02x' $(($1 << 5 | $2))
  elif (($2 < 256)); then printf '%02x%02x' $(($1 << 5 | 24)) "$2"
  elif (($2 < 65536)); then printf '%02x%04x' $(($1 << 5 | 25)) "$2"
  else printf '%02x%08x' $(($1 << 5 | 26)) "$2"; fi
}
hex() { od -An -v -tx1 | tr -d ' \n'; }
bytes() { printf "$(printf %s "$1" | sed 's/../\\x&/g')"; }
bstr() { item 2 $((${#1} / 2)); printf %s "$1"; }
tstr() { local text; text=$(printf %s "$1" | hex); item 3 $((${#text} / 2)); printf %s "$text"; }
number() { if (($1 >= 0)); then item 0 "$1"; else item 1 $((-1 - $1)); fi; }
sha256() { openssl dgst -sha256 -r | cut -c 1-64; }
mkdir -p "$folder/outbox" "$folder/sent"
[ -e "$folder/key.seed" ] || openssl rand -hex 32 > "$folder/key.seed"
bytes "302e020100300506032b657004220420$(tr -d '\n' < "$folder/key.seed")" | openssl pkey -inform DER -out "$folder/key.pem"
public=$(openssl pkey -in "$folder/key.pem" -pubout -outform DER | tail -c 32 | hex)
device=$(bytes "$(printf 'oppidum/device-id/v1\n' | hex)20$public" | sha256)
echo "device $device"
genesis=$(grep -oE '/[0-9a-f]{64}' "$folder/city.policy" | sed -n '1s/.//p')
n=$(($(cat "$folder/sequence" 2> /dev/null || echo 0) + 1))
echo "$n" > "$folder/sequence.new" && mv "$folder/sequence.new" "$folder/sequence" && sync # given before it is used: never a number twice
pack=81a5$(item 0 0)$(tstr "$sensor")$(item 0 1)$(tstr "$unit")$(item 0 2)$(number "$value")
pack+=21$(tstr "urn:oppidum:$device:")22$(item 0 "$(date +%s)")
header=a7$(item 0 1)27$(item 0 3)$(item 0 112)$(item 0 4)$(bstr "${device}00000000")$(item 1 70000)$(bstr "$genesis")
header+=$(item 1 70001)$(item 0 "$n")$(item 1 70002)$(bstr "$(openssl rand -hex 16)")$(item 1 70003)$(item 0 "$clock_error")
bytes "84$(tstr Signature1)$(bstr "$header")40$(bstr "$pack")" > "$folder/to-be-signed"
signature=$(openssl pkeyutl -sign -rawin -inkey "$folder/key.pem" -in "$folder/to-be-signed" | hex)
bytes "d284$(bstr "$header")a0$(bstr "$pack")$(bstr "$signature")" > "$folder/outbox/$(printf '%012d' "$n").cose"
for file in "$folder"/outbox/*.cose; do # oldest first
  answer=$(curl -fsS --data-binary "@$file" -H 'content-type: application/cose' -H 'accept: application/json' "$city/api/v1/readings")
  case $answer in
    *'"receipt"'*) mv "$file" "$folder/sent/" && echo "$(sha256 < "$folder/sent/${file##*/}") has a receipt" ;;
    *) echo "$answer: kept, sent again next time" >&2 && exit 1 ;;
  esac
done
