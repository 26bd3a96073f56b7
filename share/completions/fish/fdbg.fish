# SPDX-License-Identifier: MIT OR Apache-2.0
# Completions of fdbg for fish. What can stand where is the program's answer to `fdbg --complete`, see src/cli/complete.h.

# Paths that begin with the argument, as fish itself completes them.
function __fdbg_paths
    complete -C "'' "(string escape --no-quoted -- $argv[1]) | string replace -r '\t.*' ''
end

function __fdbg_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l typed (string unescape -- $words[-1]; or echo -- $words[-1])
    set -l program (string replace -r '^~/' $HOME/ -- $words[1])
    set -e words[1]
    set -e words[-1]
    for line in (command $program --complete $words "$typed" 2>/dev/null)
        set -l text (string sub -s 3 -- $line)
        switch (string sub -l 1 -- $line)
            case w p
                echo -- $text
            case f d r
                for path in (__fdbg_paths (string sub -s (math (string length -- "$text") + 1) -- "$typed"))
                    switch "$line[1] $path"
                        case 'f*' '*/' 'r*.firedbg.ss'
                            echo -- "$text$path"
                    end
                end
            case x
                for path in (__fdbg_paths "$typed")
                    if string match -q '*/' -- $path; or test -x "$path"
                        echo -- $path
                    end
                end
                complete -C "$typed"
            case c
                set -l all (string escape -- $words) (string escape --no-quoted -- "$typed")
                set -l from (math (count $all) - $text + 1)
                complete -C (string join ' ' -- $all[$from..-1] | string collect)
        end
    end
end

complete -c fdbg -f -a '(__fdbg_complete)'
