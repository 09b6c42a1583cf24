# table.awk - the table of goals, for people. Lines of result() (tests/bench/common.sh), tabs between:
# key, what, value, unit, ratio, goal, verdict; `#` name value: of the machine; `!` text: left out.
#
# usage: awk -v form=text|markdown -f table.awk
BEGIN { FS = "\t" }
$1 == "#" { machine[$2] = $3; next }
$1 == "!" { left_out[++left_outs] = $2; next }
{
    part = $1
    sub(/\..*/, "", part)
    n++
    parts[n] = part
    what[n] = $2
    # An indented line is about what the one before it is about: the words before its colon.
    if (sub(/^ +/, "", $2)) $2 = subject ": " $2
    else {
        subject = $2
        sub(/: .*/, "", subject)
    }
    whole[n] = $2
    value[n] = $3
    unit[n] = $4
    ratio[n] = $5
    goal[n] = $6
    verdict[n] = $7
    if ($7 == "reached") reached++
    if ($7 == "missed") missed++
}
# 12345.6 as 12,346; small ones with what says something.
function number(x,    text, head) {
    if (x !~ /^-?[0-9.]+(e[-+]?[0-9]+)?$/)
        return x
    if (x + 0 < 1000) {
        if (x == int(x)) return x ""
        return sprintf(x < 10 ? "%.2f" : "%.1f", x)
    }
    text = sprintf("%.0f", x)
    head = ""
    while (length(text) > 3) {
        head = "," substr(text, length(text) - 2) head
        text = substr(text, 1, length(text) - 3)
    }
    return text head
}
function figure(i) {
    return value[i] == "-" ? "" : number(value[i]) (unit[i] == "-" ? "" : " " unit[i])
}
# Against the floor: two places, more where the first two are the same for both sides of a goal.
function times(i) {
    if (ratio[i] == "-") return ""
    if (ratio[i] !~ /^-?[0-9]/) return ratio[i] # more than
    return sprintf(ratio[i] < 1.1 ? "%.3f" : ratio[i] < 100 ? "%.2f" : "%.0f", ratio[i])
}
function or_none(text) { return text == "-" ? "" : text }
function text_table(    i) {
    printf "%-66s %20s %9s  %s\n", "", "figure", "x floor", "goal"
    for (i = 1; i <= n; i++) {
        if (parts[i] != parts[i - 1])
            printf "%s%s\n", (i > 1 ? "\n" : ""), parts[i]
        row = sprintf("  %-64s %20s %9s  %-12s %s", what[i], figure(i), times(i), or_none(goal[i]),
            verdict[i] == "missed" ? "MISSED" : or_none(verdict[i]))
        sub(/ +$/, "", row)
        print row
    }
    print ""
    for (i = 1; i <= left_outs; i++)
        print "left out: " left_out[i]
}
# A time alone says nothing elsewhere: only ratios, and times whose goal is a time.
function markdown_table(    i, shown) {
    if (machine["machine"] != "")
        printf "%s, %s cores, %s, %s, %s; %s\n\n", machine["machine"], machine["cores"],
            machine["distribution"], machine["kernel"], machine["compiler"], substr(machine["date"], 1, 10)
    print "| what | figure | x floor | goal | |"
    print "|---|---:|---:|---|---|"
    for (i = 1; i <= n; i++) {
        if (verdict[i] == "-") continue
        shown = figure(i)
        if (unit[i] ~ /^(ms|s|us)$/ && (ratio[i] != "-" || goal[i] !~ / m?s$/))
            shown = ""
        printf "| %s | %s | %s | %s | %s |\n", whole[i], shown, times(i), or_none(goal[i]),
            verdict[i] == "missed" ? "**MISSED**" : verdict[i]
    }
    print ""
    for (i = 1; i <= left_outs; i++)
        print "Left out: " left_out[i] ".\n"
}
END {
    if (form == "markdown") markdown_table()
    else text_table()
    printf "%d goals reached, %d missed\n", reached, missed
}
