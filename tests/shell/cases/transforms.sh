#### at Q
a='a b' b="it's" c= d=$'n\nl' e='plain' 
echo ${a@Q} ${b@Q} ${c@Q} "${d@Q}" ${e@Q}
unset u
echo "<${u@Q}>"
#### at Q of special characters
for s in '$x' '`y`' '\z' '!' '*' '~' '"' $'\t' $'\e' $'\x7f' é; do echo "${s@Q}"; done
#### at Q of arrays
a=(one 'two three' '')
echo "${a[@]@Q}"
echo "${a[*]@Q}"
set -- 'x y' z
echo "${@@Q}"
#### at E
s='a\tb\nc\x41\101\u00e9'
echo "${s@E}"
s='no escapes'
echo "${s@E}"
#### at P
s='\$ \\ a'
echo "${s@P}"
x=5
s='x is $x'
echo "${s@P}"
s='$(echo cmd)'
echo "${s@P}"
#### at A
s='a b'
echo "${s@A}"
declare -i n=5
echo "${n@A}"
declare -r ro=x
echo "${ro@A}"
export ex=1
echo "${ex@A}"
unset u
echo "<${u@A}>"
#### at A of arrays
a=(1 'b c')
echo "${a[@]@A}"
declare -A m=([k]='v w')
echo "${m[@]@A}"
echo "${a@A}"
#### at a
declare -i n=1; declare -r r=1; declare -x x=1; declare -a arr=(1); declare -A m=([a]=1); p=1
declare -l low=a; declare -u up=A
echo "${n@a}|${r@a}|${x@a}|${arr@a}|${m@a}|${p@a}|${low@a}|${up@a}"
declare -irx all=3
echo ${all@a}
#### at a of array elements
a=(x y)
echo "${a[0]@a}" "${a[@]@a}"
#### at U u L
s='mixed Case'
echo "${s@U}|${s@u}|${s@L}"
#### at K
a=(one 'two three')
echo "${a[@]@K}"
declare -A m=([k]='v w')
echo "${m[@]@K}"
s='x y'
echo "${s@K}"
#### at k
a=(one 'two three')
printf '<%s>' "${a[@]@k}"; echo
declare -A m=([key]='v w')
printf '<%s>' "${m[@]@k}"; echo
#### unknown transform
s=x
( echo "${s@Z}" ) 2>&1
echo $?
( echo "${s@}" ) 2>&1
echo $?
#### eval of at A restores
a=(1 'two  words' "q'q")
def=${a[@]@A}
unset a
eval "$def"
printf '<%s>' "${a[@]}"; echo
#### eval of at K builds a copy
declare -A m=([x]='1 2' [y]=3)
eval "declare -A c=(${m[@]@K})"
for k in x y; do echo "$k=${c[$k]}"; done
#### at Q preserves through functions
log() { echo "running: ${*@Q}"; "$@"; }
log printf '%s\n' 'a b' "c'd"
#### at P with prompt escapes
s='\w' ; cd /
echo "${s@P}"
s='\W'
echo "${s@P}"
s='[\e]\a'
printf '%s' "${s@P}" | od -An -c | tr -s ' '
#### at E with quotes
s="it\\'s \\\"q\\\""
echo "${s@E}"
#### at Q of unset elements
a=([1]=x)
echo "<${a[0]@Q}>" "${a[1]@Q}"
#### at U of unicode
s=éa
echo "${s@U}" "${s@u}"
#### at a of unset with attributes
declare -i k
echo "${k@a}" "<${k@A}>"
declare -a z
echo "${z@a}" "<${z[@]@A}>"
#### at with set -u
set -u
( echo "${undefined_x@Q}" ) 2>&1
echo $?
