# emily(1) completion for bash; written by tools/cli-docs from `emily help --json`
_emily() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} options
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W 'embed search classify fill-mask answer tag generate chat render forward transcribe features tokenize detokenize info quantize convert doctor op ops families version help --help --version' -- "$current"))
    return
  fi
  case ${COMP_WORDS[1]} in
    embed) options='-p --prompt --json --jsonl -t --threads -d --device -h --help' ;;
    search) options='-q --query -k --top --lines --paragraphs --query-prompt --prompt --json -t --threads -d --device -h --help' ;;
    classify) options='-k --top-k --json --jsonl -t --threads -d --device -h --help' ;;
    fill-mask) options='-k --top-k --json --jsonl -t --threads -d --device -h --help' ;;
    answer) options='-k --top-k --longest --max-tokens --stride --allow-none --json --jsonl -t --threads -d --device -h --help' ;;
    tag) options='-a --aggregation --max-tokens --stride -k --top-k --json --jsonl -t --threads -d --device -h --help' ;;
    generate) options='-p --prompt --tokens -n --max-new-tokens --temperature --top-k --top-p --min-p --repetition-penalty -s --seed --stop --ignore-eos --kv-bits --prefill-chunk --json --jsonl -b --batch -t --threads -d --device -h --help' ;;
    chat) options='--system --think --no-think -n --max-new-tokens --temperature --top-k --top-p --min-p --repetition-penalty -s --seed --var --template --date -t --threads -d --device -h --help' ;;
    render) options='-m --message -g --generation-prompt --tools --var --jsonl --template --date -t --threads -d --device -h --help' ;;
    forward) options='-o --output -t --threads -d --device -h --help' ;;
    transcribe) options='-l --language --task -p --prompt --json --srt --vtt --timestamps --no-timestamps --condition-on-previous --temperature --compression-ratio-threshold --logprob-threshold --no-speech-threshold -n --max-new-tokens -s --seed -t --threads -d --device -h --help' ;;
    features) options='-t --threads -d --device -h --help' ;;
    tokenize) options='--pair --no-special --json --jsonl -t --threads -d --device -h --help' ;;
    detokenize) options='-s --skip-special --json --jsonl -t --threads -d --device -h --help' ;;
    info) options='--tensors --json -t --threads -d --device -h --help' ;;
    quantize) options='-b --bits -g --group-size -m --mode --dtype --shard-size -n --dry-run -r --report -t --threads -d --device -h --help' ;;
    convert) options='--dtype --shard-size -n --dry-run -r --report -t --threads -d --device -h --help' ;;
    doctor) options='--json -t --threads -d --device -h --help' ;;
    op) options='-a --attr -o --out -t --threads -d --device -h --help' ;;
    ops) options='--json -g --group -t --threads -d --device -h --help' ;;
    families) options='--json -t --threads -d --device -h --help' ;;
    version) options='--json -t --threads -d --device -h --help' ;;
    help) options='--json -t --threads -d --device -h --help' ;;
    *) return ;;
  esac
  case $previous in
    -d | --device) COMPREPLY=($(compgen -W cpu -- "$current")) && return ;;
    --aggregation | --attr | --batch | --bits | --compression-ratio-threshold | --date | --dtype | --group | --group-size | --kv-bits | --language | --logprob-threshold | --longest | --max-new-tokens | --max-tokens | --message | --min-p | --mode | --no-speech-threshold | --output | --pair | --prefill-chunk | --prompt | --query | --query-prompt | --repetition-penalty | --seed | --shard-size | --stop | --stride | --system | --task | --temperature | --template | --threads | --tokens | --top | --top-k | --top-p | --var | -a | -b | -g | -k | -l | -m | -n | -o | -p | -q | -s | -t) return ;;
  esac
  if [ "${COMP_WORDS[1]}" = help ] && [[ $current != -* ]]; then
    COMPREPLY=($(compgen -W 'embed search classify fill-mask answer tag generate chat render forward transcribe features tokenize detokenize info quantize convert doctor op ops families version help' -- "$current"))
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  else
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -F _emily emily
