# Runs a broker that cannot outlive its starter: `sh guard.sh <directory to remove or ""> <command...>`.
# Standard input is a pipe from the starter. It ends when the starter ends, however that happens (SIGKILL too); then the
# broker is asked to stop and, ten seconds later, killed, and the directory is removed. File descriptor 3 is told the
# broker's process id.
remove=$1
shift
orphaned=
trap 'orphaned=yes' USR1
exec 4<&0
"$@" </dev/null 3>&- 4<&- &
broker=$!
echo "$broker" >&3
exec 3>&-
(
  trap - USR1
  cat <&4 >/dev/null
  kill -USR1 $$
  kill -TERM "$broker"
  sleep 10
  kill -KILL "$broker"
) >/dev/null 2>&1 &
watch=$!
exec 4<&-
# The signal ends `wait` early, so ask until the broker is really gone.
while kill -0 "$broker" 2>/dev/null; do
  wait "$broker"
  code=$?
done
kill "$watch" 2>/dev/null
if [ -n "$orphaned" ] && [ -n "$remove" ]; then
  rm -rf "$remove"
  rmdir "$(dirname "$remove")" 2>/dev/null
fi
exit "${code:-0}"
