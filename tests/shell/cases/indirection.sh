#### simple
a=b b=c
echo ${!a}
x=PATHX PATHX=val
echo "${!x}"
#### of unset variable
p=nothing_here
echo "<${!p}>" "<${!p-default}>" "<${!p:-d}>"
#### of positional
set -- one two three
n=2
echo ${!n} ${!#}
for i in 1 2 3; do printf '%s ' "${!i}"; done; echo
#### of array element
arr=(zero one two)
p='arr[1]'
echo ${!p}
p='arr[@]'
echo "${!p}"
printf '<%s>' "${!p}"; echo
p='arr[*]'
printf '<%s>' "${!p}"; echo
#### with a subscript expression
arr=(a b c) i=1
p='arr[i+1]'
echo ${!p}
p='arr[$i]'
echo ${!p}
#### associative
declare -A m=([k]=v ['a b']=sp)
p='m[k]'; echo ${!p}
p='m[a b]'; echo "${!p}"
#### with operators
p=s s=hello.txt
echo ${!p%.txt} ${!p:0:3} ${!p/l/L} ${!p^^} ${!p##*.}
#### length is not indirect
p=s s=hello
echo ${#p}
#### names with a prefix
pre_b=1 pre_a=2 pre_c=3 other=4
echo ${!pre_*}
echo "${!pre_@}"
printf '<%s>' "${!pre_*}"; echo
printf '<%s>' "${!pre_@}"; echo
#### no names with the prefix
echo "<${!zz_none*}>" "<${!zz_none@}>"
set -- "${!zz_none@}"; echo $#
#### names with IFS
v1=a v2=b
IFS=,
echo "${!v*}" "${!v@}"
#### keys of an array
a=(x y z)
echo ${!a[@]} "${!a[*]}"
a[7]=w; unset 'a[1]'
echo ${!a[@]}
s=scalar
echo ${!s[@]}
unset none
echo "<${!none[@]}>"
#### keys of an associative array
declare -A m=([one]=1)
echo ${!m[@]}
m[two]=2
printf '%s\n' "${!m[@]}" | sort
#### chain of two
a=b b=c c=deep
t=${!a}
echo ${!t}
#### indirect assignment
n=target
printf -v "$n" '%s' value
echo $target
declare "$n=other"
echo $target
eval "$n=evaled"
echo $target
read -r "$n" <<< fromread
echo $target
#### set through default operator
p=newvar
: ${!p:=assigned}
echo $newvar
#### error when the parameter is unset
unset p
( echo "${!p}" ) 2>&1
echo $?
#### invalid name
p='a b'
( echo "${!p}" ) 2>&1
echo $?
p=''
( echo "${!p}" ) 2>&1
echo $?
#### indirection to special parameters
p='#'; set -- a b
echo ${!p}
p='?'
false
echo ${!p}
p='@'
printf '<%s>' "${!p}"; echo
#### in a function with a local name
g() { local r=$1; echo "${!r}"; }
val=global
g val
h() { local val=inner; g val; }
h
#### dispatch table by names
color_red=31 color_green=32
for c in red green; do n=color_$c; echo "$c=${!n}"; done
#### indirect array copy
src=('a b' c)
copy() { local n="$1[@]"; dst=("${!n}"); }
copy src
echo ${#dst[@]} "${dst[0]}"
#### set test through indirection
x=1
for n in x y; do if [ -n "${!n+set}" ]; then echo $n set; else echo $n unset; fi; done
#### prefix includes exported ones
export qq_env=1
qq_loc=2
f() { local qq_fn=3; echo ${!qq_*}; }
f
echo ${!qq_*}
#### prefix with unset variables
ww_a=1; declare ww_b
echo ${!ww_*}
#### namereff bang gives the name
declare -n ref=target
target=5
echo ${!ref} $ref
#### indirection and at Q
p=s s='a b'
echo ${!p@Q}
#### quoting of the result
p=s s='a  *'
printf '<%s>' "${!p}"; echo
set -f
printf '<%s>' ${!p}; echo
