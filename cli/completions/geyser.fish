# Completion of geyser for fish. The program itself knows the words: `geyser help --complete WORD...`
# prints what the last word may become, a line for each choice with its meaning after a tab, and
# fails if that is the name of a file.
#
# SPDX-License-Identifier: MIT

function __geyser_choices
    set -l words (commandline -opc)
    set -l now (commandline -ct)
    while string match -qr '^\w+=' -- $words[1] # GEYSER_BACKEND=host geyser ...
        set -e words[1]
    end
    if set -l choices (command $words[1] help --complete $words[2..-1] "$now" 2>/dev/null)
        printf '%s\n' $choices
    else if string match -qr '^--\S+=' -- $now
        set -l head (string match -r '^--[^=]+=' -- $now)
        printf "$head%s\n" (__fish_complete_path (string replace -- $head '' $now))
    else
        __fish_complete_path $now
    end
end

complete -c geyser -f -a '(__geyser_choices)'
