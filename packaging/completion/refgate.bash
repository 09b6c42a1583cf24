# bash completion for refgate; made by 'refgate completion bash'
_refgate() {
    local path='' words='' word i
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        [[ $word == -* ]] && break
        path+=" $word"
    done
    case $path in
    '') words='audit check completion disable doctor enable policy snapshot sync --help' ;;
    ' audit') words='show verify --help' ;;
    ' audit show') words='--id --user --repo --ref --rule --verdict --since --until --limit --verbose --config --format --help' ;;
    ' audit verify') words='--anchor --from --config --format --help' ;;
    ' check') words='--repo --user --display-name --email --permission --trigger --base-url --credential --git-dir --at --kind --explain --batch --snapshot --format --config --help' ;;
    ' completion') words='--help' ;;
    ' disable') words='--reason --config --help' ;;
    ' doctor') words='--url --auth-file --auth-fd --cacert --client-cert --client-key --proxy --allow-http --output --with-reports --metrics --config --format --help' ;;
    ' enable') words='--config --help' ;;
    ' policy') words='lint show match --help' ;;
    ' policy lint') words='--config --snapshot --strict --format --help' ;;
    ' policy show') words='--config --format --help' ;;
    ' policy match') words='--anchored --help' ;;
    ' snapshot') words='info verify dump --help' ;;
    ' snapshot info') words='--file --config --format --help' ;;
    ' snapshot verify') words='--file --config --format --help' ;;
    ' snapshot dump') words='--file --key --prefix --config --format --help' ;;
    ' sync') words='--url --auth-file --auth-fd --cacert --client-cert --client-key --proxy --allow-http --output --project --repo --resume --full --record --replay --with-reports --reports-output --service-users --allow-partial --max-shrink --self-check --force --concurrency --rate --timeout --attempts --metrics --now --quiet --config --format --help' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")
    [[ ${COMP_WORDS[COMP_CWORD]} == -* ]] || mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
}
complete -F _refgate refgate
