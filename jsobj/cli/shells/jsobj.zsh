#compdef jsobj
# Completion of jsobj for zsh: jsobj completion zsh --install
#
# jsobj itself decides what is offered. It gets the line up to the cursor and prints one offer a line,
# KIND<Tab>WORD<Tab>HELP: "plain" words, "name"s (like paths), and "files" where a file may stand.
_jsobj() {
    local row files=""
    local -a parts plain names folders schemes shown
    for row in "${(@f)$(_JSOBJ_COMPLETE=zsh_complete _JSOBJ_LINE="${(j: :)words[1,CURRENT-1]} $QIPREFIX$PREFIX" \
        $words[1] 2>/dev/null)}"; do
        parts=("${(@ps:\t:)row}")
        case $parts[1] in
            files) files=yes ;;
            plain) plain+=("${parts[2]//:/\\:}${parts[3]:+:$parts[3]}") ;;
            name) if [[ $parts[2] == *:// ]] { schemes+=("$parts[2]") } elif [[ $parts[2] == */ ]] { folders+=("$parts[2]") } else { names+=("$parts[2]") } ;;
        esac
    done
    (( $#plain )) && _describe -V jsobj plain
    (( $#schemes )) && compadd -S '' -a schemes
    # Shown is the last part of a name, as with paths; a folder gets no blank behind it.
    shown=("${(@)${(@)folders%/}##*/}")
    (( $#folders )) && shown=("${(@)^shown}/") && compadd -S '' -d shown -a folders
    (( $#names )) && shown=("${(@)names##*/}") && compadd -d shown -a names
    if [[ $files ]]; then
        [[ $PREFIX == --*=* ]] && compset -P '*='
        _files
    fi
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _jsobj "$@" # read by compinit from a folder of fpath
else
    compdef _jsobj jsobj # sourced
fi
