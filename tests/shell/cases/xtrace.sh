#### simple commands
exec 2>&1
set -x
echo a b
x=1
echo "$x" 'two words'
set +x
#### quoting in the trace
{ set -x
echo 'a b' "c'd" '' '$x' 'a*' '"' \\ $'\n' é '#x' '~' '{a}' '!' 'a=b' ';'
set +x; } 2>&1
#### PS4
exec 2>&1
PS4='T> '
set -x
echo a
(echo sub)
x=$(echo cs)
set +x
#### PS4 is expanded
exec 2>&1
n=5 PS4='[$n] '
set -x
echo a
n=6
echo b
set +x
#### PS4 with LINENO
exec 2>&1
PS4='+$LINENO: '
set -x
echo a

echo b
set +x
#### nested substitutions repeat the first character
exec 2>&1
set -x
echo $(echo $(echo deep))
set +x
#### assignments
exec 2>&1
set -x
a=1 b='x y' c=
a=2 true
a+=3
arr=(1 'b c')
arr[1]=z
set +x
#### for and while
exec 2>&1
set -x
for i in 1 2; do echo $i; done
while false; do :; done
for ((i = 0; i < 1; i++)); do :; done
set +x
#### if and case
exec 2>&1
set -x
if [ a = a ]; then echo yes; fi
case abc in x) ;; a*) echo a;; esac
set +x
#### double brackets and arithmetic
exec 2>&1
x=5 y='a b'
set -x
[[ $x == 5 && -n $y ]]
[[ $y == a* ]]
[[ ! -e nofile ]]
((x > 3))
let x=1
[[ $y =~ ^a ]]
set +x
#### functions
exec 2>&1
f() { local v=$1; echo "in $v"; return 3; }
set -x
f 'a b'
set +x
#### pipelines
exec 2>&1
set -x
true | true
set +x
echo end
#### redirections are not shown
exec 2>&1
set -x
echo a > f
cat < f
cat <<< here
: 2>&1
set +x
#### groups and subshells
exec 2>&1
set -x
{ echo g; }
(echo s)
! true
true && false || echo or
set +x
#### eval and source
exec 2>&1
echo 'echo sourced $1' > s
set -x
eval 'echo a; echo b'
. ./s arg
set +x
#### declare and export
exec 2>&1
set -x
declare -i n=1+1
export E='a b'
readonly R=x
unset n
set +x
#### BASH_XTRACEFD
exec 5> trace
BASH_XTRACEFD=5
set -x
echo a
set +x
exec 5>&-
cat trace
#### set -v prints the input
exec 2>&1
set -v
echo a
echo b
set +v
echo c
#### xtrace in a subshell stays in it
exec 2>&1
(set -x; echo a)
echo b
#### empty commands and variables as commands
exec 2>&1
e= c=echo
set -x
$e
$c hi
$e$c there
set +x
#### printf and special characters
exec 2>&1
set -x
printf '%s\n' $'tab\there'
echo $'\e[0m' > /dev/null
set +x
#### trap output
exec 2>&1
set -x
trap 'echo bye' EXIT
echo body
#### select parts of a list
exec 2>&1
PS4='> '
set -x; echo a; set +x; echo b; set -x; echo c; set +x
