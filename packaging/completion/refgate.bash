# bash completion for refgate; made by 'refgate completion bash'
_refgate() {
    local cur=${COMP_WORDS[COMP_CWORD]} path='' option='' only='' words='' options=''
    local word operands='' hint place=0 walking=1 i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        # bash cuts words at = and at colons: what follows is a value, or more of the word.
        if [[ $word == [=:] ]]; then
            [[ $option ]] || ((i++))
        elif [[ $option ]]; then
            option=''
        elif [[ ! $only && $word == -- ]]; then
            only=1 walking=''
        elif [[ ! $only && $word == -* ]]; then
            walking=''
            _refgate_value "$path $word" && option=$word
        elif [[ $walking ]] && _refgate_command "$path $word"; then
            path+=" $word"
        else
            walking='' place=$((place + 1))
        fi
    done
    case $path in
    '') options='--help --version' words='access approve audit check completion disable doctor enable install policy report snapshot sync who-can' operands='w' ;;
    ' access') options='--at --trigger --credential --snapshot --format --config --help' operands='---*' ;;
    ' approve') options='--help' words='create list show revoke prune' operands='w' ;;
    ' audit') options='--help' words='show verify narrate replay enrich rotate' operands='w' ;;
    ' check') options='--repo --user --display-name --email --permission --trigger --base-url --credential --observed --git-dir --at --kind --explain --batch --snapshot --format --config --help' operands='' ;;
    ' completion') options='--help' words='bash zsh fish' operands='w' ;;
    ' disable') options='--reason --config --help' operands='' ;;
    ' doctor') options='--url --auth-file --auth-fd --cacert --client-cert --client-key --proxy --allow-http --project --repo --name --home --user --hook --output --with-reports --metrics --config --format --help' operands='' ;;
    ' enable') options='--config --help' operands='' ;;
    ' install') options='--help' words='hook-script external-hooks native' operands='w' ;;
    ' policy') options='--help' words='apply lint show test match' operands='w' ;;
    ' report') options='--format --html --save --baseline --kind --kinds --severity --fail-on --limit --window --stale --old --expiring --broad --inside --hook --facts --snapshot --at --control-map --config --help' operands='f*' ;;
    ' snapshot') options='--help' words='info verify dump diff rollback' operands='w' ;;
    ' sync') options='--url --auth-file --auth-fd --cacert --client-cert --client-key --proxy --allow-http --output --project --repo --resume --full --record --replay --with-reports --reports-output --snapshot-format --service-users --allow-partial --max-shrink --self-check --force --concurrency --rate --timeout --attempts --metrics --now --quiet --config --format --help' operands='' ;;
    ' who-can') options='--all --stopped --at --trigger --credential --snapshot --format --config --help' operands='---' ;;
    ' approve create') options='--repo --ref --changes --user --new --uses --for --until --not-before --reason --config --format --help' operands='' ;;
    ' approve list') options='--all --config --format --help' operands='' ;;
    ' approve show') options='--config --format --help' operands='-' ;;
    ' approve revoke') options='--reason --config --help' operands='-' ;;
    ' approve prune') options='--older-than --config --help' operands='' ;;
    ' audit show') options='--id --user --repo --ref --rule --verdict --credential --exit --host --since --until --limit --verbose --follow --config --format --help' operands='f*' ;;
    ' audit verify') options='--anchor --from --config --format --help' operands='f*' ;;
    ' audit narrate') options='--before --after --control-map --config --format --help' operands='-f*' ;;
    ' audit replay') options='--policy --old --snapshot --since --until --limit --format --config --help' operands='f*' ;;
    ' audit enrich') options='--access-log --timezone --user --repo --since --until --format --config --help' operands='f*' ;;
    ' audit rotate') options='--compress --keep --if-larger --if-older --config --format --help' operands='f' ;;
    ' install hook-script') options='--all-projects --name --content --triggers --dry-run --uninstall --replace --hook --hook-config --home --state --config --format --url --auth-file --auth-fd --cacert --client-cert --client-key --proxy --allow-http --help' operands='-*' ;;
    ' install external-hooks') options='--global --with-config --no-merge-check --dry-run --uninstall --replace --hook --hook-config --home --state --config --format --url --auth-file --auth-fd --cacert --client-cert --client-key --proxy --allow-http --help' operands='-*' ;;
    ' install native') options='--order --dry-run --uninstall --replace --hook --hook-config --home --state --config --format --help' operands='d*' ;;
    ' policy apply') options='--yes --dry-run --undo --tests --since --max-newly-rejected --strict --force --config --format --help' operands='f' ;;
    ' policy lint') options='--config --snapshot --strict --format --help' operands='f' ;;
    ' policy show') options='--config --format --help' operands='' ;;
    ' policy test') options='--config --snapshot --verbose --format --help' operands='f' ;;
    ' policy match') options='--anchored --help' operands='--*' ;;
    ' snapshot info') options='--file --config --format --help' operands='' ;;
    ' snapshot verify') options='--file --config --format --help' operands='' ;;
    ' snapshot dump') options='--file --key --prefix --config --format --help' operands='' ;;
    ' snapshot diff') options='--severity --repo --force --format --config --help' operands='ff' ;;
    ' snapshot rollback') options='--file --dry-run --config --format --help' operands='' ;;
    esac
    hint=${operands:place:1}
    [[ $operands == *'*' && $place -ge $((${#operands} - 1)) ]] && hint=${operands: -2:1}
    if [[ $option ]]; then
        [[ $cur == = ]] && cur=''
        _refgate_value "$path $option"
    elif [[ ! $only && $cur == -* ]]; then
        words=$options hint=w
    fi
    case $hint in
    w) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur") ;;
    f) compopt -o default 2>/dev/null ;;
    d) compopt -o dirnames 2>/dev/null ;;
    esac
    return 0
}
complete -F _refgate refgate
_refgate_command() {
    case $1 in
    ' access') ;;
    ' approve') ;;
    ' audit') ;;
    ' check') ;;
    ' completion') ;;
    ' disable') ;;
    ' doctor') ;;
    ' enable') ;;
    ' install') ;;
    ' policy') ;;
    ' report') ;;
    ' snapshot') ;;
    ' sync') ;;
    ' who-can') ;;
    ' approve create') ;;
    ' approve list') ;;
    ' approve show') ;;
    ' approve revoke') ;;
    ' approve prune') ;;
    ' audit show') ;;
    ' audit verify') ;;
    ' audit narrate') ;;
    ' audit replay') ;;
    ' audit enrich') ;;
    ' audit rotate') ;;
    ' install hook-script') ;;
    ' install external-hooks') ;;
    ' install native') ;;
    ' policy apply') ;;
    ' policy lint') ;;
    ' policy show') ;;
    ' policy test') ;;
    ' policy match') ;;
    ' snapshot info') ;;
    ' snapshot verify') ;;
    ' snapshot dump') ;;
    ' snapshot diff') ;;
    ' snapshot rollback') ;;
    *) return 1 ;;
    esac
}
_refgate_value() {
    hint='-'
    case $1 in
    ' access --at') ;;
    ' access --trigger') ;;
    ' access --credential') ;;
    ' access --snapshot') hint=f ;;
    ' access --format') words='text json csv' hint=w ;;
    ' access --config') hint=f ;;
    ' check --repo') ;;
    ' check --user') ;;
    ' check --display-name') ;;
    ' check --email') ;;
    ' check --permission') ;;
    ' check --trigger') ;;
    ' check --base-url') ;;
    ' check --credential') ;;
    ' check --observed') ;;
    ' check --git-dir') hint=d ;;
    ' check --at') ;;
    ' check --kind') ;;
    ' check --snapshot') hint=f ;;
    ' check --format') words='text json' hint=w ;;
    ' check --config') hint=f ;;
    ' disable --reason') ;;
    ' disable --config') hint=f ;;
    ' doctor --url') ;;
    ' doctor --auth-file') hint=f ;;
    ' doctor --auth-fd') ;;
    ' doctor --cacert') hint=f ;;
    ' doctor --client-cert') hint=f ;;
    ' doctor --client-key') hint=f ;;
    ' doctor --proxy') ;;
    ' doctor --project') ;;
    ' doctor --repo') ;;
    ' doctor --name') ;;
    ' doctor --home') hint=d ;;
    ' doctor --user') ;;
    ' doctor --hook') hint=f ;;
    ' doctor --output') hint=f ;;
    ' doctor --metrics') hint=f ;;
    ' doctor --config') hint=f ;;
    ' doctor --format') words='text json' hint=w ;;
    ' enable --config') hint=f ;;
    ' report --format') words='text json csv' hint=w ;;
    ' report --html') hint=f ;;
    ' report --save') hint=f ;;
    ' report --baseline') hint=f ;;
    ' report --kind') ;;
    ' report --severity') ;;
    ' report --fail-on') ;;
    ' report --limit') ;;
    ' report --window') ;;
    ' report --stale') ;;
    ' report --old') ;;
    ' report --expiring') ;;
    ' report --broad') ;;
    ' report --inside') ;;
    ' report --hook') ;;
    ' report --facts') hint=f ;;
    ' report --snapshot') hint=f ;;
    ' report --at') ;;
    ' report --control-map') hint=f ;;
    ' report --config') hint=f ;;
    ' sync --url') ;;
    ' sync --auth-file') hint=f ;;
    ' sync --auth-fd') ;;
    ' sync --cacert') hint=f ;;
    ' sync --client-cert') hint=f ;;
    ' sync --client-key') hint=f ;;
    ' sync --proxy') ;;
    ' sync --output') hint=f ;;
    ' sync --project') ;;
    ' sync --repo') ;;
    ' sync --record') hint=d ;;
    ' sync --replay') hint=d ;;
    ' sync --reports-output') hint=f ;;
    ' sync --snapshot-format') ;;
    ' sync --service-users') hint=f ;;
    ' sync --max-shrink') ;;
    ' sync --self-check') ;;
    ' sync --concurrency') ;;
    ' sync --rate') ;;
    ' sync --timeout') ;;
    ' sync --attempts') ;;
    ' sync --metrics') hint=f ;;
    ' sync --now') ;;
    ' sync --config') hint=f ;;
    ' sync --format') words='text json' hint=w ;;
    ' who-can --at') ;;
    ' who-can --trigger') ;;
    ' who-can --credential') ;;
    ' who-can --snapshot') hint=f ;;
    ' who-can --format') words='text json csv' hint=w ;;
    ' who-can --config') hint=f ;;
    ' approve create --repo') ;;
    ' approve create --ref') ;;
    ' approve create --changes') ;;
    ' approve create --user') ;;
    ' approve create --new') ;;
    ' approve create --uses') ;;
    ' approve create --for') ;;
    ' approve create --until') ;;
    ' approve create --not-before') ;;
    ' approve create --reason') ;;
    ' approve create --config') hint=f ;;
    ' approve create --format') words='text json' hint=w ;;
    ' approve list --config') hint=f ;;
    ' approve list --format') words='text json' hint=w ;;
    ' approve show --config') hint=f ;;
    ' approve show --format') words='text json' hint=w ;;
    ' approve revoke --reason') ;;
    ' approve revoke --config') hint=f ;;
    ' approve prune --older-than') ;;
    ' approve prune --config') hint=f ;;
    ' audit show --id') ;;
    ' audit show --user') ;;
    ' audit show --repo') ;;
    ' audit show --ref') ;;
    ' audit show --rule') ;;
    ' audit show --verdict') ;;
    ' audit show --credential') ;;
    ' audit show --exit') ;;
    ' audit show --host') ;;
    ' audit show --since') ;;
    ' audit show --until') ;;
    ' audit show --limit') ;;
    ' audit show --config') hint=f ;;
    ' audit show --format') words='text json' hint=w ;;
    ' audit verify --anchor') ;;
    ' audit verify --from') ;;
    ' audit verify --config') hint=f ;;
    ' audit verify --format') words='text json' hint=w ;;
    ' audit narrate --before') hint=f ;;
    ' audit narrate --after') hint=f ;;
    ' audit narrate --control-map') hint=f ;;
    ' audit narrate --config') hint=f ;;
    ' audit narrate --format') words='text json' hint=w ;;
    ' audit replay --policy') hint=f ;;
    ' audit replay --old') hint=f ;;
    ' audit replay --snapshot') hint=f ;;
    ' audit replay --since') ;;
    ' audit replay --until') ;;
    ' audit replay --limit') ;;
    ' audit replay --format') words='text json csv' hint=w ;;
    ' audit replay --config') hint=f ;;
    ' audit enrich --access-log') hint=f ;;
    ' audit enrich --timezone') ;;
    ' audit enrich --user') ;;
    ' audit enrich --repo') ;;
    ' audit enrich --since') ;;
    ' audit enrich --until') ;;
    ' audit enrich --format') words='text json csv' hint=w ;;
    ' audit enrich --config') hint=f ;;
    ' audit rotate --keep') ;;
    ' audit rotate --if-larger') ;;
    ' audit rotate --if-older') ;;
    ' audit rotate --config') hint=f ;;
    ' audit rotate --format') words='text json' hint=w ;;
    ' install hook-script --name') ;;
    ' install hook-script --content') words='script program' hint=w ;;
    ' install hook-script --triggers') ;;
    ' install hook-script --hook') hint=f ;;
    ' install hook-script --hook-config') hint=f ;;
    ' install hook-script --home') hint=d ;;
    ' install hook-script --state') hint=f ;;
    ' install hook-script --config') hint=f ;;
    ' install hook-script --format') words='text json' hint=w ;;
    ' install hook-script --url') ;;
    ' install hook-script --auth-file') hint=f ;;
    ' install hook-script --auth-fd') ;;
    ' install hook-script --cacert') hint=f ;;
    ' install hook-script --client-cert') hint=f ;;
    ' install hook-script --client-key') hint=f ;;
    ' install hook-script --proxy') ;;
    ' install external-hooks --with-config') hint=f ;;
    ' install external-hooks --hook') hint=f ;;
    ' install external-hooks --hook-config') hint=f ;;
    ' install external-hooks --home') hint=d ;;
    ' install external-hooks --state') hint=f ;;
    ' install external-hooks --config') hint=f ;;
    ' install external-hooks --format') words='text json' hint=w ;;
    ' install external-hooks --url') ;;
    ' install external-hooks --auth-file') hint=f ;;
    ' install external-hooks --auth-fd') ;;
    ' install external-hooks --cacert') hint=f ;;
    ' install external-hooks --client-cert') hint=f ;;
    ' install external-hooks --client-key') hint=f ;;
    ' install external-hooks --proxy') ;;
    ' install native --order') ;;
    ' install native --hook') hint=f ;;
    ' install native --hook-config') hint=f ;;
    ' install native --home') hint=d ;;
    ' install native --state') hint=f ;;
    ' install native --config') hint=f ;;
    ' install native --format') words='text json' hint=w ;;
    ' policy apply --tests') hint=f ;;
    ' policy apply --since') ;;
    ' policy apply --max-newly-rejected') ;;
    ' policy apply --config') hint=f ;;
    ' policy apply --format') words='text json' hint=w ;;
    ' policy lint --config') hint=f ;;
    ' policy lint --snapshot') hint=f ;;
    ' policy lint --format') words='text json' hint=w ;;
    ' policy show --config') hint=f ;;
    ' policy show --format') words='text json' hint=w ;;
    ' policy test --config') hint=f ;;
    ' policy test --snapshot') hint=f ;;
    ' policy test --format') words='text json' hint=w ;;
    ' snapshot info --file') hint=f ;;
    ' snapshot info --config') hint=f ;;
    ' snapshot info --format') words='text json' hint=w ;;
    ' snapshot verify --file') hint=f ;;
    ' snapshot verify --config') hint=f ;;
    ' snapshot verify --format') words='text json' hint=w ;;
    ' snapshot dump --file') hint=f ;;
    ' snapshot dump --key') ;;
    ' snapshot dump --prefix') ;;
    ' snapshot dump --config') hint=f ;;
    ' snapshot dump --format') words='text json' hint=w ;;
    ' snapshot diff --severity') ;;
    ' snapshot diff --repo') ;;
    ' snapshot diff --format') words='text json csv' hint=w ;;
    ' snapshot diff --config') hint=f ;;
    ' snapshot rollback --file') hint=f ;;
    ' snapshot rollback --config') hint=f ;;
    ' snapshot rollback --format') words='text json' hint=w ;;
    *) return 1 ;;
    esac
}
