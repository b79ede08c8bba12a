#### unset variable ends the script
set -u
echo before
echo "$undefined" 2>/dev/null
echo never
#### message
set -u
( echo $undefined ) 2>&1
echo $?
( echo ${undefined} ) 2>&1
( echo "${undefined%x}" ) 2>&1
#### set to empty is fine
set -u
e=
echo "<$e>"
#### defaults are fine
set -u
echo ${x-d} ${x:-d} ${x+a}. ${x:+a}. ${x=v} $x
#### question mark operator
set -u
( echo ${y?gone} ) 2>&1
echo $?
#### positional
set -u
set -- a
echo $1
( echo $2 ) 2>&1
echo ${2-none}
( echo "${10}" ) 2>&1
#### at and star are fine
set -u
set --
echo "<$@>" "<$*>" $#
printf '[%s]' "$@"; echo
for x in "$@"; do echo never; done
#### special parameters are fine
set -u
echo "$#$?" "$-" | sed 's/ .*/ ok/'
#### arrays
set -u
a=(1 2)
echo ${a[0]} ${a[@]} ${#a[@]}
( echo ${a[5]} ) 2>&1
echo ${a[5]-none}
#### empty arrays
set -u
a=()
echo "<${a[@]}>" ${#a[@]}
for x in "${a[@]}"; do echo never; done
( echo "$a" ) 2>&1
#### unset arrays
set -u
( echo "${nope[@]}" ) 2>&1; echo $?
( echo "${nope[0]}" ) 2>&1; echo $?
( echo "${#nope[@]}" ) 2>&1; echo $?
( echo "${#nope}" ) 2>&1; echo $?
#### associative
set -u
declare -A m=([k]=v)
echo ${m[k]}
( echo ${m[x]} ) 2>&1
echo ${m[x]:-d}
#### arithmetic
set -u
x=1
echo $((x + 1))
( echo $((undefined_y + 1)) ) 2>&1; echo $?
( ((undefined_y)) ) 2>&1; echo $?
#### in functions and conditions
set -u
f() { echo "${1-default}"; }
f; f x
( if [ -n "$nope" ]; then echo a; fi; echo never ) 2>&1; echo $?
#### in double brackets
set -u
( [[ $nope == x ]]; echo never ) 2>&1; echo $?
[[ -z ${nope-} ]] && echo empty
[[ -v nope ]] || echo unset
#### indirection
set -u
p=target
( echo "${!p}" ) 2>&1; echo $?
target=ok; echo ${!p}
#### declared without a value
set -u
declare v
( echo "$v" ) 2>&1; echo $?
f() { local w; ( echo "$w" ) 2>&1; }
f
#### background pid
set -u
( echo $! ) 2>&1; echo $?
#### in here-documents
set -u
( cat <<E
a $nope b
E
) 2>&1; echo $?
#### in case and for
set -u
( case $nope in x) ;; esac; echo never ) 2>&1; echo $?
( for x in $nope; do :; done; echo never ) 2>&1; echo $?
#### assignments
set -u
( x=$nope; echo never ) 2>&1; echo $?
( x=${nope:-}; echo "fine <$x>" ) 2>&1
#### set +u
set -u; set +u
echo "<$nope>"
#### unset again
set -u
x=1; unset x
( echo $x ) 2>&1
#### or list does not help
set -u
( echo $nope || echo no ) 2>&1; echo $?
#### substitution
set -u
x=$(echo $nope) 2>/dev/null
echo "status $? <$x>"
#### length and substring
set -u
( echo ${#nope} ) 2>&1; echo $?
( echo ${nope:0:1} ) 2>&1; echo $?
#### exit trap runs
set -u
trap 'echo "trap $?"' EXIT
echo "$nope"
echo never
#### idiom of optional array arguments
set -u
opts=()
f() { echo $#; }
f "${opts[@]}" x
f ${opts[@]+"${opts[@]}"} x
opts=(-a 'b c')
f "${opts[@]}" x
