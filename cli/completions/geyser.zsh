#compdef geyser
# Completion of geyser for zsh. The program itself knows the words: `geyser help --complete WORD...`
# prints what the last word may become, a line for each choice with its meaning after a tab, and
# fails if that is the name of a file.
#
# SPDX-License-Identifier: MIT

_geyser() {
	local out line word
	local -a choices typed=("${(@Q)words[2,CURRENT]}")

	if ! out=$(${~words[1]} help --complete "${typed[@]}" 2>/dev/null); then
		[[ $PREFIX != --*=* ]] || compset -P '*='
		_files
		return
	fi
	for line in "${(@f)out}"; do
		[[ -n $line ]] || continue
		# _describe takes what follows a colon for the meaning, and backslashes away.
		word=${${${line%%$'\t'*}//\\/\\\\}//:/\\:}
		choices+=("$word${${(M)line%%$'\t'*}/$'\t'/:}")
	done
	_describe -V geyser choices
}

_geyser "$@"
