# Completion of jsobj for bash 4.4 and newer: jsobj completion bash --install
#
# jsobj itself decides what is offered. It gets the line up to the cursor and prints one offer a line, KIND<Tab>WORD:
# "plain" words, "name"s that are shown like paths, "special" ones that bash must quote, "files" where a file may stand.
# bash replaces only what is behind the last ':' or '=' of COMP_WORDBREAKS, so jsobj leaves out what is before it.
_jsobj_completion() {
    local kind word files="" typed="" quote=""
    COMPREPLY=()
    if [[ ${COMP_WORDS[COMP_CWORD - 1]} == *[\<\>] ]]; then # behind > or < stands a file
        compopt -o default
        return
    fi
    while IFS=$'\t' read -r kind word; do
        case $kind in
            files) files=yes typed=$word ;;
            special) quote=yes ;;&
            name | special) compopt -o filenames -o noquote ;;&
            plain | name | special) COMPREPLY+=("$word") ;;
        esac
    done < <(_JSOBJ_COMPLETE=bash_complete _JSOBJ_LINE="${COMP_LINE:0:COMP_POINT}" \
        _JSOBJ_BREAKS="$COMP_WORDBREAKS" "$1" 2>/dev/null)
    if [[ $files && ${#COMPREPLY[@]} == 0 ]]; then
        compopt -o default # as without this script
    elif [[ $files ]]; then
        compopt -o filenames
        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$typed")
    fi
    if [[ $quote || $files ]]; then
        compopt +o noquote
    fi
    if [[ ${#COMPREPLY[@]} -gt 1 && " ${COMPREPLY[*]} " == *"s3:// "* ]]; then
        compopt +o filenames # which would show s3:// as /
    fi
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == */ ]]; then
        compopt -o nospace # a folder: more may follow
    fi
}

complete -o nosort -F _jsobj_completion jsobj
