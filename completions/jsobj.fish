# Completion of jsobj for fish: jsobj completion fish --install
#
# jsobj itself decides what is offered. It gets the line up to the cursor and prints one offer a line,
# KIND<Tab>WORD<Tab>HELP: words, and "files" where a file may stand.
function _jsobj_completion
    set -l line (commandline -cp | string collect)
    for row in (env _JSOBJ_COMPLETE=fish_complete _JSOBJ_LINE="$line" jsobj 2>/dev/null)
        set -l parts (string split \t -- $row)
        if test $parts[1] = files
            __fish_complete_path "$parts[2]"
        else if test -n "$row"
            printf '%s\t%s\n' $parts[2] "$parts[3]"
        end
    end
end

complete --no-files --keep-order --command jsobj --arguments "(_jsobj_completion)"
