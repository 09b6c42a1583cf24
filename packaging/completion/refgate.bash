# bash completion for refgate; made by 'refgate completion bash'
_refgate() {
    local path='' words='' word i
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        [[ $word == -* ]] && break
        path+=" $word"
    done
    case $path in
    '') words='access approve audit check completion disable doctor enable policy report snapshot sync who-can --help' ;;
    ' access') words='--at --trigger --credential --snapshot --format --config --help' ;;
    ' approve') words='create list show revoke prune --help' ;;
    ' approve create') words='--repo --ref --changes --user --new --uses --for --until --not-before --reason --config --format --help' ;;
    ' approve list') words='--all --config --format --help' ;;
    ' approve show') words='--config --format --help' ;;
    ' approve revoke') words='--reason --config --help' ;;
    ' approve prune') words='--older-than --config --help' ;;
    ' audit') words='show verify narrate replay enrich rotate --help' ;;
    ' audit show') words='--id --user --repo --ref --rule --verdict --credential --exit --host --since --until --limit --verbose --follow --config --format --help' ;;
    ' audit verify') words='--anchor --from --config --format --help' ;;
    ' audit narrate') words='--before --after --control-map --config --format --help' ;;
    ' audit replay') words='--policy --old --snapshot --since --until --limit --format --config --help' ;;
    ' audit enrich') words='--access-log --timezone --user --repo --since --until --format --config --help' ;;
    ' audit rotate') words='--compress --keep --if-larger --if-older --config --format --help' ;;
    ' check') words='--repo --user --display-name --email --permission --trigger --base-url --credential --observed --git-dir --at --kind --explain --batch --snapshot --format --config --help' ;;
    ' completion') words='--help' ;;
    ' disable') words='--reason --config --help' ;;
    ' doctor') words='--url --auth-file --auth-fd --cacert --client-cert --client-key --proxy --allow-http --output --with-reports --metrics --config --format --help' ;;
    ' enable') words='--config --help' ;;
    ' policy') words='apply lint show test match --help' ;;
    ' policy apply') words='--yes --dry-run --undo --tests --since --max-newly-rejected --strict --force --config --format --help' ;;
    ' policy lint') words='--config --snapshot --strict --format --help' ;;
    ' policy show') words='--config --format --help' ;;
    ' policy test') words='--config --snapshot --verbose --format --help' ;;
    ' policy match') words='--anchored --help' ;;
    ' report') words='--format --html --save --baseline --kind --kinds --severity --fail-on --limit --window --stale --old --expiring --broad --inside --hook --facts --snapshot --at --control-map --config --help' ;;
    ' snapshot') words='info verify dump diff --help' ;;
    ' snapshot info') words='--file --config --format --help' ;;
    ' snapshot verify') words='--file --config --format --help' ;;
    ' snapshot dump') words='--file --key --prefix --config --format --help' ;;
    ' snapshot diff') words='--severity --repo --force --format --config --help' ;;
    ' sync') words='--url --auth-file --auth-fd --cacert --client-cert --client-key --proxy --allow-http --output --project --repo --resume --full --record --replay --with-reports --reports-output --service-users --allow-partial --max-shrink --self-check --force --concurrency --rate --timeout --attempts --metrics --now --quiet --config --format --help' ;;
    ' who-can') words='--all --stopped --at --trigger --credential --snapshot --format --config --help' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")
    [[ ${COMP_WORDS[COMP_CWORD]} == -* ]] || mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
}
complete -F _refgate refgate
