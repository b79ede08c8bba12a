#### dash and colon dash
unset u; e= s=set
echo "<${u-d}> <${u:-d}> <${e-d}> <${e:-d}> <${s-d}> <${s:-d}>"
#### plus and colon plus
unset u; e= s=set
echo "<${u+d}> <${u:+d}> <${e+d}> <${e:+d}> <${s+d}> <${s:+d}>"
#### equals and colon equals
unset u; e=
echo "${u=one} $u"
echo "${e=two}|$e"
echo "${e:=three} $e"
echo "${s:=four}${s:=five}"
#### question mark when set
s=ok
echo "${s?} ${s:?msg}"
e=
echo "<${e?}>"
#### question mark when unset ends the shell
echo before
( echo "${nope?}" ) 2>&1
echo "status $?"
( echo "${nope:?my message}" ) 2>&1
echo "status $?"
#### question mark ends a script
echo a
: ${missing?gone} 2>&1
echo never
#### question mark with an expanded message
m='the message'
( : "${x:?$m here}" ) 2>&1
e=
( : "${e:?}" ) 2>&1
( : "${e?ok}" ) 2>&1; echo $?
#### the word is expanded only if needed
s=1
echo "${s:-$(echo ran >&2; echo side)}" 2>&1
i=0
: ${s:=$((i++))}
echo $i
: ${t:=$((i++))}
echo $i $t
#### nested defaults
unset a b c
echo "${a:-${b:-${c:-deep}}}"
b=bee
echo "${a:-${b:-${c:-deep}}}"
echo ${a:-$b$b}
#### positional defaults
set -- one ''
echo "${1-d} ${2-d} ${2:-d} ${3-d}"
( echo ${3:=x} ) 2>&1
echo $?
#### assigned value is split when unquoted
unset x
printf '<%s>' ${x:=a b}; echo
printf '<%s>' "$x"; echo
unset x
printf '<%s>' ${x:="a b"}; echo
#### default with quotes inside
unset x
printf '<%s>' ${x:-'a  b'}; echo
printf '<%s>' ${x:-"a  b" c}; echo
printf '<%s>' "${x:-a  b}"; echo
#### default is globbed when unquoted
touch f1 f2
unset x
echo ${x:-f*}
echo "${x:-f*}"
echo ${x:-"f*"}
#### tilde in default
unset x
echo ${x:-~}
echo "${x:-~}"
echo ${x:-~/a}
y=${x:-~}
echo $y
#### braces inside the word
unset x
echo "${x:-{a}}" ${x:-\}}
echo "${x:-"}"}"
echo ${x:-${y:-\}}}
#### default of array elements
a=(1 '' 3)
echo "${a[0]-d} <${a[1]-d}> <${a[1]:-d}> ${a[5]-d}"
echo ${a[7]:=new} ${#a[@]}
declare -A m
echo ${m[k]:=v} ${m[k]}
#### default of whole arrays
a=()
echo "${a[@]-d}" "${a[*]:-d}" "${a-d}"
a=('')
echo "<${a[@]-d}>" "<${a[@]:-d}>"
a=(x y)
printf '<%s>' "${a[@]:-d}"; echo
printf '<%s>' "${a[@]+z}"; echo
#### default with special parameters
echo "${?-d} ${#-d} ${$:+pid} ${!-nobg} ${0:+name}"
set --
echo "${@-d} ${*-d}"
#### newline in the word
unset x
echo "${x:-line1
line2}"
#### command substitution in the word
unset x
echo ${x:-$(echo a b)} "${x:-`echo c`}"
#### arithmetic in the word
unset x
echo ${x:-$((2*3))} ${x:+$((1/0))}
#### plus operator used for optional arguments
opt=
f() { echo $#; }
f ${opt:+--flag "$opt"}
opt='a b'
f ${opt:+--flag "$opt"}
printf '<%s>' ${opt:+--flag "$opt"}; echo
#### plus with multiple words
x=1
printf '<%s>' ${x:+a b 'c d'}; echo
printf '<%s>' "${x:+a b 'c d'}"; echo
#### assigning default to readonly
readonly r=
( : ${r:=x} ) 2>&1
echo $?
#### default of indirect
p=target
echo ${!p-none}
target=v
echo ${!p-none}
#### length operator and default do not mix
x=abc
echo ${#x}
unset x
echo ${#x}
#### error in default in a function
f() { local v=${1:?need an argument}; echo got $v; }
(f a; f; echo never) 2>&1
echo $?
#### default with slash and colon
unset u
echo ${u:-http://host:80/p} ${u-a:b}
#### an empty word
unset x
echo "<${x-}>" "<${x:-}>"
y=1
echo "<${y+}>" "<${y:+}>"
#### use as a command
unset CMD
${CMD:-echo} via default
CMD=printf
${CMD:-echo} 'x%s\n' y
#### colon command with redirections
: "${x:=1}" > f
cat f; echo $x
#### export with default
export V=${V:-dflt}
env | grep '^V='
#### unquoted at in double-quoted default
set -- a 'b c'
unset x
printf '[%s]' "${x:-"$@"}"; echo
printf '[%s]' ${x:-$@}; echo
#### set but null in braces of digits
set -- '' b
echo "${1:-x}${1-y}${2:+z}"
#### case fallthrough of nested assignment
unset a b
echo ${a:=${b:=7}}
echo $a $b
#### bad substitution
( echo ${x!y} ) 2>&1
echo $?
( echo ${} ) 2>&1
echo $?
( echo "${a b}" ) 2>&1
echo $?
