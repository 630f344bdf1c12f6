# SPDX-License-Identifier: BSD-2-Clause
#
# awk -f lint.awk KNOWN dangerous POLICY...
#
# Checks that compile.awk cannot do: unknown system calls, duplicate lines, dangerous grants. KNOWN: a file with the names
# of all system calls, one per line. Prints one line per finding, nothing when there is none. A policy that is loaded
# after another one has a line "# Behind: POLICY" and need not repeat what that one refuses.

FNR == 1 {
	file++
	if (file > 2) {
		finish()
		policy = FILENAME
		delete named
		delete seen
		behind = 0
	}
}

function wrong(words) {
	printf "%s:%d: %s: %s\n", FILENAME, FNR, name, words
}

# Every policy must name the calls of class "never".
function finish(    call) {
	if (policy == "" || behind)
		return
	for (call in never)
		if (!(call in named))
			printf "%s: %s is not named: %s\n", policy, call, why[call, "never"]
}

file == 1 { known[$1] = 1; next }

file > 2 && /^# Behind: / { behind = 1 }

/^[ \t]*(#|$)/ { next }

{
	name = $1
	reason = $0
	sub(/^[^#]*#[ \t]*/, "", reason)
	rule = $0
	sub(/[ \t]*#.*$/, "", rule)
	gsub(/[ \t]+/, " ", rule)
	if (!(name in known))
		wrong("no system call that the seccomp library knows")
}

file == 2 {
	if (reason ~ /^as above/)
		reason = last
	last = reason
	class = $2
	if (class !~ /^(never|risk|arg[0-5])$/)
		wrong("the class is never, risk or arg0 to arg5")
	if (($1, class) in why)
		wrong("said twice")
	why[$1, class] = reason
	if (class == "never")
		never[$1] = 1
	else if (class == "risk")
		risk[$1] = 1
	else
		argument[$1] = class
	next
}

{
	named[name] = 1
	condition = rule
	sub(/^[a-z0-9_]+ [a-zA-Z]+ ?/, "", condition)
	if (seen[name " " condition]++)
		wrong("the same call and condition twice")
	if (length(reason) < 4)
		wrong("no reason")
	if ($2 != "allow")
		next
	if (name in never)
		wrong("never to be allowed: " why[name, "never"])
	if (name in argument && index(condition, argument[name] " ") != 1)
		wrong("only with a condition on " argument[name] ": " why[name, argument[name]])
	if (name in risk && reason !~ /; risk: [^ ]+ [^ ]+/)
		wrong("say why it may be: \"; risk: ...\": " why[name, "risk"])
}

END { finish() }
