# tools/stages.sh: sourced by ./test and .ci/run: runs stages one after the other and adds up what they count.
#
#     stage NAME COMMAND…    runs it; where it ends with "N passed, N failed[, N skipped]" those count, else its exit
#                            status counts as one passed or one failed
#     skip NAME REASON       counts one skipped
#     finish                 prints the end of what each failed stage printed, and the sum as the last line; exits with 1
#                            where something failed or nothing ran

passed=0 failed=0 skipped=0 failures=
stage_log=$(mktemp)
trap 'rm -f "$stage_log" "$stage_log.code" "$stage_log.failed"' EXIT

stage() {
  name=$1
  shift
  began=$(date +%s)
  echo "== $name"
  { "$@" </dev/null 2>&1 && echo 0 >"$stage_log.code" || echo $? >"$stage_log.code"; } | tee "$stage_log"
  code=$(cat "$stage_log.code")
  set -- $(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$/\1 \2 \4/p' "$stage_log" | tail -n 1)
  if [ $# -lt 2 ]; then
    set -- 1 0
    [ "$code" -eq 0 ] || set -- 0 1
  elif [ "$code" -ne 0 ] && [ "$2" -eq 0 ]; then
    set -- "$1" 1 "${3:-0}"
  fi
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + ${3:-0}))
  [ "$2" -eq 0 ] || { failures="$failures $name" && { echo "== $name failed:" && tail -n 20 "$stage_log"; } >>"$stage_log.failed"; }
  echo "-- $name: $(($(date +%s) - began)) s"
  [ "$2" -eq 0 ]
}

skip() {
  echo "== $1: skipped, $2"
  skipped=$((skipped + 1))
}

finish() {
  [ -z "$failures" ] || { cat "$stage_log.failed" && echo "Failed in:$failures"; }
  [ $((passed + failed)) -gt 0 ] || failed=1
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
  exit
}
