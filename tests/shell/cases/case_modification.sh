#### upper and lower
s='Hello World'
echo "${s^}" "${s^^}" "${s,}" "${s,,}"
t='hELLO'
echo "${t^}" "${t,}" "${t^^}" "${t,,}"
#### toggle
s='Hello World'
echo "${s~}" "${s~~}"
#### with a pattern
s=banana
echo "${s^^a}" "${s^^[bn]}" "${s^b}" "${s^a}" "${s^^?}" "${s^^x}"
#### lower with a pattern
s=BANANA
echo "${s,,A}" "${s,,[BN]}" "${s,B}" "${s,A}"
#### pattern in variable and quoted
s=abcabc p='[ab]'
echo "${s^^$p}" "${s^^"$p"}" "${s^^'a'}"
#### arrays
a=(one two three)
echo "${a[@]^}" "${a[*]^^}" "${a[1]^}" "${a[@]^t}"
#### positional
set -- foo bar
echo "${@^}" "${*^^}" "${1^}"
#### empty and unset
e=; unset u
echo "<${e^^}>" "<${u,}>"
#### non letters
s='1a-b_c é'
echo "${s^}" "${s^^}"
#### unicode
s=éàçñ
echo "${s^^}" "${s^}"
s=ÉÀÇÑ
echo "${s,,}" "${s,}"
s=ΑΒΓ
echo "${s,,}"
#### capitalise words
s='the quick brown fox'
set -- $s
echo "${@^}"
out=
for w in $s; do out+="${w^} "; done
echo "${out% }"
#### declare -u and -l
declare -u up=hello
declare -l low=WORLD
echo $up $low
up=MiXed low=MiXed
echo $up $low
up+=more
echo $up
#### declare -u on existing value
v=abc
declare -u v
echo $v
v=$v
echo $v
#### declare -ul together
declare -u x=abc
declare -l x
x=ABc
echo $x
declare -p x
#### case insensitive comparison
a=Yes
if [[ ${a,,} == yes ]]; then echo match; fi
case ${a^^} in YES) echo upper;; esac
#### snake to camel
s=some_snake_case r=
IFS=_ read -ra parts <<< "$s"
for p in "${parts[@]}"; do r+=${p^}; done
echo $r ${r,}
#### camel to snake
s=someCamelCase r=
for ((i = 0; i < ${#s}; i++)); do
  c=${s:i:1}
  if [[ $c == [[:upper:]] ]]; then r+=_${c,}; else r+=$c; fi
done
echo $r
#### at operators U u L
s='hello World'
echo "${s@U}" "${s@u}" "${s@L}"
a=(ab cd)
echo "${a[@]@U}" "${a[@]@u}"
#### result is split
s='a b'
printf '<%s>' ${s^^}; echo
printf '<%s>' "${s^^}"; echo
#### declare -u array
declare -ua arr=(abc def)
arr+=(ghi)
arr[0]=x
echo "${arr[@]}"
#### declare -c capitalises
declare -c w=hELLO
echo $w
w='two words'
echo "$w"
#### local -u
f() { local -u v=$1; echo $v; }
f shout
v=quiet; f loud; echo $v
#### read into a lowercase variable
declare -l ans
read -r ans <<< 'YES'
echo $ans
#### default and case operators nested
unset name
echo "${name:-default}" 
n=${name:-default}
echo ${n^}
#### multi character pattern never matches
s=abc
echo "${s^^ab}" "${s^ab*}" "${s^^*}"
