# SPDX-License-Identifier: BSD-2-Clause
#
# Turns a policy file into rows of a C table; the first lines of record.policy describe the form. An error names the line
# and exits with status 1, so that nothing is built from an invalid policy.
#
# A row: { "name", ACTION, errno, has condition, argument, COMPARE, mask, value }, a trailing comma.

function fail(reason) {
	printf "%s:%d: %s: %s\n", FILENAME, FNR, reason, $0 > "/dev/stderr"
	failed = 1
	exit 1
}

BEGIN {
	print "/* Made from the policy file. */"
}

/^[ \t]*(#|$)/ { next }

{
	hash = index($0, "#")
	if (hash == 0 || substr($0, hash + 1) ~ /^[ \t]*$/)
		fail("a grant or a refusal without a reason")
	count = split(substr($0, 1, hash - 1), word, /[ \t]+/)
	if (word[count] == "")
		count--
	name = word[1]
	action = word[2]
	if (name !~ /^[a-z0-9_]+$/)
		fail("no name of a system call")

	if (action == "allow")
		row = "SANDBOX_ALLOW, 0"
	else if (action == "kill")
		row = "SANDBOX_KILL, 0"
	else if (action ~ /^E[A-Z]+$/)
		row = "SANDBOX_ERRNO, " action
	else
		fail("the action is allow, kill or an error name")

	if (count == 2) {
		condition = "false, 0, SANDBOX_EQUAL, 0, 0"
		whole[name]++
	} else {
		if (word[3] !~ /^arg[0-5]$/)
			fail("a condition begins with arg0 to arg5")
		argument = substr(word[3], 4)
		if (count == 5 && word[4] == "==" && word[5] == "NULL")
			condition = "true, " argument ", SANDBOX_WHOLE, 0, 0"
		else if (count == 5 && word[4] == "==")
			condition = "true, " argument ", SANDBOX_EQUAL, 0, " word[5]
		else if (count == 5 && word[4] == "!=")
			condition = "true, " argument ", SANDBOX_UNEQUAL, 0, " word[5]
		else if (count == 7 && word[4] == "&" && word[6] == "==")
			condition = "true, " argument ", SANDBOX_MASKED, " word[5] ", " word[7]
		else
			fail("a condition is argN == NULL, argN == VALUE, argN != VALUE or argN & MASK == VALUE")
		part[name]++
	}
	if (whole[name] > 1 || (whole[name] && part[name]))
		fail("a rule without a condition stands alone")
	printf "{ \"%s\", %s, %s },\n", name, row, condition
	rows++
}

END {
	if (!failed && rows == 0) {
		print FILENAME ": no rules" > "/dev/stderr"
		exit 1
	}
}
