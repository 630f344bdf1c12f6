# SPDX-License-Identifier: BSD-2-Clause
# Input: the lines of one guest. Output: "STATUS<tab>PART<tab>NAME<tab>DIAGNOSIS", one line for each assertion.
# expectations() is made from expect.txt (judge.sh). $rungs: {PLAN: {PROBE: RUNG}} from kernels.txt.

def tested($part; $name; $pass; $diagnosis):
	"\(if $pass == true then "ok" else "not" end)\t\($part)\t\($name)\t\($diagnosis | tostring | .[0:3000])";

# The rows about the containers of a scenario. A kill recorded with its pid alone has no cgroup.
def rows_of($truth; $rows):
	($truth.pids // [$truth.pid, ($truth.victims // [] | .[].pid)]) as $pids |
	([$truth.cgroup_id] + ($truth.cgroup_ids // [])) as $ids |
	[$rows[] | select((.cgroup_id as $id | $ids | index($id)) or
		(.cgroup == null and .type == "oom_kill" and (.pid as $pid | $pids | index($pid))))];

def facts($truth; $rows):
	rows_of($truth; $rows) as $own |
	def kind($name): [$own[] | select(.type == $name)];
	{truth: $truth, kills: kind("oom_kill"), exits: kind("process_exit"), forks: kind("process_fork"),
	 starts: kind("container_start"), stops: kind("container_stop"),
	 high: [kind("memory_pressure")[] | select(.level == "high")],
	 limit: [kind("memory_pressure")[] | select(.level == "limit")]};

# {"oom": "fentry", ..., "v2": true, "read": true}: the words of a condition of expect.txt.
def traits($lines; $set; $boot):
	([$lines[] | select(.at == "check" and .set == $set)][0].json) as $check |
	([$check.probes[]? | {key: (.name | sub("memory_pressure_"; "") | sub("_kill$"; "") | sub("^process_"; "")),
		value: .rung}] | from_entries) +
	{($boot.cgroup): true, read: ($check.probe_read == true), noread: ($check.probe_read == false)};

def holds_word($traits):
	if startswith("!") then .[1:] | holds_word($traits) | not
	elif contains("=") then split("=") as [$probe, $rungs] | $traits[$probe] as $got | $rungs | split("/") | index($got) != null
	else $traits[.] == true
	end;


def judge_rungs($lines; $set):
	($rungs[$set] // {}) as $want |
	[$lines[] | select((.at == "check" or .at == "status") and .set == $set and .json != null)] |
	if ($want | length) == 0 then empty else
		(.[] | .at as $at |
			([.json.probes[] | {key: .name, value: (.rung // "-")}] |
				from_entries) as $got |
			tested($set; "\(.at): the rungs"; $got == $want;
				"differ: \([$want | to_entries[] | select($got[.key] != .value) |
					"\(.key) is \($got[.key]), should be \(.value)"] | join("; "))"),
			if $at == "status" then
				tested($set; "status: every probe that has a rung is attached";
					all(.json.probes[];
						.attached == (if .rung == null or .rung == "off" or .rung == "unneeded" then null else true end)); .json)
			else empty end)
	end;

# Plans in which the loader must refuse, and a word of its reason.
def refusals: {"settings_closed": "search", "settings_capability": "CAP_PERFMON",
	"settings_unmounted": "mount -t bpf", "no_memory": "memory controller"};
def is_refusal: . as $set | refusals | has($set);

def judge_load($lines; $set):
	([$lines[] | select(.set == $set and .at == "load")]) as $loads |
	if ($loads | length) > 0 and ($set | is_refusal | not) then
		tested($set; "load"; all($loads[]; .status == 0 and (.error | test("error:|Unknown error") | not)); $loads)
	else empty end;

def judge_recorder($lines; $set):
	([$lines[] | select(.set == $set and .at == "recorder")][0]) as $last |
	([$lines[] | select(.set == $set and .at == "counters")][0].json) as $status |
	([$lines[] | select(.set == $set and .at == "row").row]) as $rows |
	if $last == null then empty else
		([$lines[] | select(.set == $set and .at == "process")][0] |
			tested($set; "the recorder is its user, filtered, with no capability but what old kernels ask for";
				.uid == "901 901 901 901" and .seccomp == "2" and
				.caps == {"": "0000000000000000", "bpf": "0000008000000000"}[.asked]; .),
			tested($set; "a query is sandboxed, of root too"; .query |
				test("sandboxed: seccomp") and test("pid [0-9]") and (test("cannot|error:") | not); .)),
		tested($set; "the recorder ended in order"; $last.status == 0; $last),
		# without OOM kills the recorder must be unhealthy
		if $rungs[$set].oom_kill == "-" then
			tested($set; "unhealthy: OOM kills are not recorded"; $status.healthy == false and
				($status.problems | length == 1 and (.[0].text | startswith("OOM kills are not recorded"))); $status.problems)
		else
			tested($set; "healthy"; $status.healthy == true; $status.problems)
		end,
		tested($set; "sent = stored + rejected + unread, none lost"; $status.counters.sent.process_exit > 0 and
			all($status.counters.sent | keys[]; . as $kind | $status.counters | .lost[$kind] == 0 and
				.sent[$kind] == .stored[$kind] + .rejected[$kind] + .unread[$kind]); $status.counters),
		tested($set; "no gap"; all($rows[]; .type != "gap"); [$rows[] | select(.type == "gap")])
	end;

# A row without its long and constant fields, for a diagnosis.
def short: del(.v, .time, .boot_id, .container.name, .container.image, .pod.name, .pod.namespace, .meta_source) |
	with_entries(select(.value != null));

def judge_scenarios($lines; $boot):
	$lines[] | select(.at == "truth") | . as $t | .set as $set |
	traits($lines; $set; $boot) as $traits |
	facts($t; [$lines[] | select(.at == "row" and .set == $set).row]) | . as $facts |
	expectations($t; .kills[0]; $traits.noread == true) |
	select(.words | all(.[]; holds_word($traits))) |
	tested("\($set): \($t.scenario)"; .name; .pass;
		if .pass == true then "" else
			{wanted: .text, got: ($facts | map_values(if type == "array" then map(short) else . end))} end);

# What the loader leaves in the pin directory.
def judge_pins($lines; $set):
	[$lines[] | select(.set == $set and .at == "pins").list] as $pins |
	if $set == "loader" then
		tested($set; "pins"; $pins[0] | (map(split(" ")[0]) as $names |
			(["events", "metadata", "counters", "seen", "armed", "info"] - $names | length == 0) and
			any($names[]; startswith("link_"))); $pins[0]),
		tested($set; "their modes"; all($pins[0][]; split(" ") as [$name, $mode, $owner] |
			$owner == "cri-ebpf-loader:cri-ebpf-ring" and
			$mode == ({"events": "660", "metadata": "660", "counters": "640", "info": "640"}[$name] // "600")); $pins[0]),
		tested($set; "the same after load again and load --replace"; $pins[1] == $pins[0]; $pins[1]),
		tested($set; "nothing after unload"; $pins[2] == []; $pins[2])
	elif ($pins | length) > 0 then
		tested($set; "nothing stays behind"; all($pins[]; . == []); $pins)
	else empty end;

# A refusal is one plain sentence: the object, the reason, what to do.
def judge_refusals($lines):
	[$lines[] | select(.at == "load" and (.set | is_refusal))][] |
	.set as $set |
	tested($set; "refused with status 6, in one plain sentence";
		.status == 6 and (.error | startswith("cri-ebpf-loader: error: ")) and (.error | test("[Nn]othing was|cannot be loaded")) and
		(.error | test("\n") | not) and
		(.error | test(refusals[$set])); .);

[inputs] as $lines |
([$lines[] | select(.at == "boot")][0]) as $boot |
tested("boot"; "came to its end"; any($lines[]; .at == "end"); ""),
([$lines[].set] | unique[] | select(. != "") |
	. as $set | judge_load($lines; $set), judge_rungs($lines; $set), judge_pins($lines; $set),
		judge_recorder($lines; $set)),
judge_refusals($lines),
judge_scenarios($lines; $boot)
