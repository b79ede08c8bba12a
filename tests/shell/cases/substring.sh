#### offset and length
s=abcdef
echo ${s:0} ${s:2} ${s:2:2} ${s:0:1} ${s:5} "<${s:6}>" "<${s:7}>"
#### negative offset
s=abcdef
echo ${s: -1} ${s: -3:2} ${s:(-2)} ${s:0-2} "<${s: -7}>" ${s: -6}
#### negative length
s=abcdef
echo ${s:1:-1} ${s:0:-3} ${s: -4:-1} "<${s:3:-3}>"
( echo ${s:4:-3} ) 2>&1
echo $?
#### zero length
s=abc
echo "<${s:1:0}>" "<${s:0:0}>" "<${s::2}>" "<${s::}>" "<${s:1:}>"
#### length past the end
s=abc
echo ${s:1:100} "<${s:10:3}>"
#### arithmetic in offset
s=abcdef i=1 n=3
echo ${s:i:n} ${s:$i:$n} ${s:i+1} ${s:i*2:n-1} ${s:(i+1)*2} ${s:n>2?1:0:2}
#### offset with spaces
s=abcdef
echo ${s: 1 : 2 } ${s:1: 3} "${s: 2}"
#### not the default operator
s=abc
echo ${s:-1} ${s: -1} ${s:+1} ${s: +1}
#### length of strings
s=hello e=
echo ${#s} ${#e} ${#unset_x}
set -- abcd
echo ${#1} ${#2}
#### arrays
a=(zero one two three four)
echo "${a[@]:1:2}" "|" "${a[@]: -2}" "|" "${a[@]:3}" "|" "${a[*]:0:1}" "|" "${a[@]:9}"
#### sparse arrays
a=([2]=two [5]=five [9]=nine)
echo "${a[@]:0:1}" "|" "${a[@]:3}" "|" "${a[@]:2:2}" "|" "${a[@]: -1}"
#### element of array
a=(hello world)
echo ${a[1]:1:3} ${a:1:3} ${a[@]:1:1}
#### at with negative length is an error
a=(1 2 3)
( echo ${a[@]:0:-1} ) 2>&1
echo $?
#### unicode
s=héllo→x
echo ${s:1:1} ${s:4} ${#s} ${s: -2:1}
#### iterate characters
s='a b*c'
for ((i = 0; i < ${#s}; i++)); do printf '<%s>' "${s:i:1}"; done; echo
#### reverse a string
s=stressed r=
for ((i = ${#s} - 1; i >= 0; i--)); do r+=${s:i:1}; done
echo $r
#### of unset and empty
unset u; e=
echo "<${u:1}>" "<${e:0:1}>" "<${u:0:2}>"
#### splitting of the result
s='a b c d'
printf '<%s>' ${s:1:4}; echo
printf '<%s>' "${s:1:4}"; echo
#### nested expansions in offset
s=0123456789
echo ${s:${#s}-3} ${s:$((1+1)):$(echo 3)} ${s:${s:2:1}:1}
#### ternary and comma
s=abcdef
echo "${s:(1,2)}" "${s:0 ? 1 : 3}"
#### positional parameter
set -- abcdef xyz
echo ${1:2:2} ${2: -1}
#### question of special parameter
false
echo "${?:0:1}" "${#:0}" 
#### chunks
s=abcdefghij
while [ -n "$s" ]; do printf '%s ' "${s:0:3}"; s=${s:3}; done; echo
#### compare prefix
s=--option
if [ "${s:0:2}" = -- ]; then echo "long ${s:2}"; fi
s=-x
if [ "${s:0:2}" != -- ] && [ "${s:0:1}" = - ]; then echo "short ${s:1}"; fi
#### bad offsets
s=abc
( echo "${s:1x}" ) 2>&1
echo $?
x=foo
echo "${s:foo}"
#### assignments in the offset
s=abcdef i=0
echo ${s:i++:1}${s:i++:1}${s:i++:1} $i
#### large offsets
s=$(printf 'x%.0s' {1..1000})
t=${s:990}
echo ${#t}
t=${s: -1000:999}
echo ${#t}
#### pad left and right
pad() { local s="          $1"; echo "[${s: -8}]"; }
pad 42; pad abc; pad longer
#### hex digit
digits=0123456789abcdef
n=48879 out=
while ((n)); do out=${digits:n%16:1}$out; ((n /= 16)); done
echo $out
#### keys and slices of associative arrays
declare -A m=([a]=1)
echo "${m[@]:0:1}" "${m[@]:1:1}"
