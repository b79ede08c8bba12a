#### status
((1)); echo $?
((0)); echo $?
((5 > 3)); echo $?
((5 < 3)); echo $?
((-1)); echo $?
#### assignment in a command
((x = 5)); echo $x
((x++)); echo $x $?
((x -= 6)); echo "$x $?"
#### spaces
(( x = 3 , y = 4 ))
(( x < y )) && echo less
((x<y&&y<10)) && echo both
#### conditions
x=7
if ((x % 2)); then echo odd; else echo even; fi
if ((x > 5 && x < 10)); then echo in; fi
while ((x > 4)); do printf '%s ' $x; ((x--)); done; echo
#### let
let x=5; echo $x $?
let x=x*2 y=x+1; echo $x $y
let 'z = x + y'; echo $z
let 0; echo $?
let 1 0; echo $?
let 0 1; echo $?
#### let with quotes and operators
let "a = 3 > 2" ; echo $a
let 'b = a << 3'; echo $b
let c=b++; echo $b $c
let 'd=1?5:6'; echo $d
#### let without arguments
let 2>&1; echo $?
#### let errors
let 'x=' 2>/dev/null; echo $?
let 'x=1/0' 2>/dev/null; echo $?
let '1 +' 2>/dev/null; echo $?
#### error in an arithmetic command
((1 / 0)) 2>&1
echo $?
((1 +)) 2>&1
echo $?
echo alive
#### bases
echo $((2#1010)) $((8#17)) $((16#ff)) $((16#FF)) $((36#z)) $((36#Z)) $((64#_)) $((64#@)) $((64#a)) $((64#A)) $((10#08))
#### invalid digits for base
( echo $((2#12)) ) 2>&1
( echo $((65#1)) ) 2>&1
( echo $((1#0)) ) 2>&1
( echo $((8#9)) ) 2>&1
echo ok
#### base with variables
n=08
echo $((10#$n + 1))
b=2 d=101
echo $(($b#$d))
#### octal and hex
echo $((017)) $((0x1F)) $((0xdeadBEEF)) $((00)) $((0))
#### large hex
echo $((0x7fffffffffffffff)) $((0xffffffffffffffff)) $((0x8000000000000000))
#### C style for with all parts
for ((i = 0; i < 3; i++)); do printf '%s ' $i; done; echo
for ((i = 10; i > 0; i -= 3)); do printf '%s ' $i; done; echo
for ((i = 0, j = 10; i < j; i += 2, j--)); do printf '%s,%s ' $i $j; done; echo
#### C style for with empty parts
i=0
for ((;;)); do ((++i > 3)) && break; printf '%s ' $i; done; echo
for ((; i < 7; )); do printf '%s ' $i; ((i++)); done; echo
#### C style for with braces
for ((i = 0; i < 2; i++)) { echo $i; }
#### C style for continue
for ((i = 0; i < 5; i++)); do ((i == 2)) && continue; printf '%s ' $i; done; echo
#### C style for leaves its variable
for ((k = 0; k < 3; k++)); do :; done; echo $k
#### C style for on several lines
for ((
  i = 0;
  i < 2;
  i++
))
do
  echo "i $i"
done
#### arithmetic command versus nested subshell
((echo a); echo b)
( (echo c) )
#### comparison of strings of digits
a=10 b=9
((a > b)) && echo numeric
[[ $a > $b ]] || echo lexical
#### negate
! ((0)); echo $?
! ((1)); echo $?
((!0)); echo $?
#### in a pipeline and list
((1)) && echo yes || echo no
((0)) && echo yes || echo no
((1)) | cat; echo $?
#### dollar inside
x=4
(($x == 4)) && echo four
((${x} > 3)) && echo more
(( $(echo 1) )) && echo one
#### array counters
declare -A c
for w in a b a c a b; do ((c[$w]++)); done
for k in a b c; do echo $k ${c[$k]}; done
#### indexed counters
for n in 3 1 3 3 2 1; do ((h[n]++)); done
for i in "${!h[@]}"; do echo "$i: ${h[i]}"; done
#### post increment from unset gives status one
unset n
((n++)); echo $? $n
((n++)); echo $? $n
unset n
((++n)); echo $? $n
#### let in a condition
i=3
while let i--; do printf '%s ' $i; done; echo
#### collatz
n=27 c=0
while ((n != 1)); do ((n = n % 2 ? 3 * n + 1 : n / 2, c++)); done
echo $c
#### bit counting
n=$((0xF0F0)) c=0
while ((n)); do ((c += n & 1, n >>= 1)); done
echo $c
#### to binary
bin() { local n=$1 r=; do_=1; while ((n > 0)); do r=$((n & 1))$r; ((n >>= 1)); done; echo ${r:-0}; }
bin 10; bin 255; bin 0
#### swap with xor
a=12 b=34
((a ^= b, b ^= a, a ^= b))
echo $a $b
#### nested ternaries for sign
for x in -3 0 8; do echo $((x > 0 ? 1 : x < 0 ? -1 : 0)); done
#### empty arithmetic command
(( )); echo $?
#### expression with a redirection
((x = 5)) > out; cat out; echo $x
#### integer variable loop
declare -i sum=0
for i in 1 2 3 4; do sum+=i; done
echo $sum
#### local integers
f() { local -i a=$1 b=$2; a+=b; echo $a; }
f 3 4; f 2*3 1
#### subscript with side effects
a=(1 2 3) i=0
((a[i++] += 10)); echo $i "${a[@]}"
((a[i++] *= 2)); echo $i "${a[@]}"
#### comments do not exist
( ((1 # 2)) ) 2>/dev/null; echo $?
#### exponent operator chain
((x = 3)); ((y = x ** 2 ** 1)); echo $y
((x **= 2)) 2>/dev/null; echo $?
