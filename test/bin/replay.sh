#!/bin/sh
# A stand-in for a vendor's tool: prints what lies under its arguments in the folder <its own name>.d beside it (blanks
# between them are underscores there, slashes are folders), with the exit status of the file of that name and `.exit`.
# Where a file of that name and `.hang` lies, it hangs. What it does not know it refuses as such tools do: in words, with a status of its own.
at="${0%/*}/${0##*/}.d"
IFS=_
asked="$at/$*"
unset IFS
[ ! -f "$asked.hang" ] || exec sleep 1000
if [ ! -f "$asked" ]; then
  echo "Error: unknown command \"$*\""
  exit 64
fi
cat "$asked"
status=0
[ ! -f "$asked.exit" ] || read -r status <"$asked.exit"
exit "$status"
