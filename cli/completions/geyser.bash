# Completion of geyser for bash 3.2 or later. The program itself knows the words:
# `geyser help --complete WORD...` prints what the last word may become, a line for each choice, and
# fails if that is the name of a file.
#
# SPDX-License-Identifier: MIT

_geyser() {
	local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} now=${COMP_WORDS[COMP_CWORD]} count=0
	local part choice out word head words=() single=\'

	# bash has split "--format=nv12" and "a:b" at = and : (COMP_WORDBREAKS): put together what stands
	# together in the line.
	for part in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
		[[ $count -gt 0 && $line != [[:space:]]* ]] || count=$((count + 1))
		line=${line#"${line%%[![:space:]]*}"}
		line=${line#"$part"}
		words[count - 1]=${words[count - 1]-}$part
	done

	word=${words[count - 1]}
	case $now in
	= | :) now= ;;
	esac
	# The choices are to replace what stands behind the last = or :.
	head=${word%"$now"}
	for ((part = 0; part < count; part++)); do # as the program would get them
		words[part]=${words[part]//[\\\"\']/}
	done
	word=${words[count - 1]}
	head=${head//[\\\"\']/}

	COMPREPLY=()
	if ! out=$("${words[0]/#\~/$HOME}" help --complete "${words[@]:1}" 2>/dev/null); then
		compopt -o default 2>/dev/null
		return
	fi
	while IFS=$'\t' read -r choice _; do
		[[ -n $choice && $choice == "$word"* ]] || continue
		choice=${choice#"$head"}
		# bash inserts the choice as it is, behind the quote that the user typed.
		case $now in
		\'*) choice=${choice//"$single"/"$single\\$single$single"} ;;
		\"*)
			choice=${choice//\\/\\\\}
			choice=${choice//\"/\\\"}
			choice=${choice//\$/\\\$}
			choice=${choice//\`/\\\`}
			choice=${choice//!/"\"$single!$single\""} # a backslash before it would stay
			;;
		*)
			if [[ $choice == *[[:space:]\"\'\\\`\$\&\|\;\<\>\(\)\{\}\*\?\[\]\!\#\~]* ]]; then
				printf -v choice %q "$choice"
			fi
			;;
		esac
		COMPREPLY+=("$choice")
	done <<<"$out"
}

complete -F _geyser geyser
