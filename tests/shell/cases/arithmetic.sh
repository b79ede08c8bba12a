#### the four operations
echo $((1 + 2)) $((7 - 10)) $((6 * 7)) $((7 / 2)) $((7 % 3))
echo $((-7 / 2)) $((-7 % 3)) $((7 / -2)) $((7 % -3))
#### precedence
echo $((1 + 2 * 3)) $(((1 + 2) * 3)) $((2 + 3 << 1)) $((1 | 2 ^ 3 & 1)) $((10 - 3 - 2)) $((100 / 10 / 2))
#### power
echo $((2 ** 10)) $((2 ** 3 ** 2)) $((-2 ** 2)) $((2 ** 0)) $((2 ** 62))
( echo $((2 ** -1)) ) 2>&1
#### comparisons
echo $((1 < 2)) $((2 < 1)) $((2 <= 2)) $((3 >= 4)) $((3 == 3)) $((3 != 3)) $((1 > 0))
#### logic
echo $((1 && 0)) $((1 && 5)) $((0 || 3)) $((0 || 0)) $((!0)) $((!5)) $((!!7))
#### short circuit
x=0
: $((0 && (x = 1))); echo $x
: $((1 || (x = 2))); echo $x
: $((1 && (x = 3))); echo $x
: $((1 ? (x = 4) : (x = 5))); echo $x
: $((0 ? (x = 6) : (x += 10))); echo $x
#### bits
echo $((5 & 3)) $((5 | 3)) $((5 ^ 3)) $((~5)) $((1 << 4)) $((256 >> 3)) $((-1 >> 1)) $((-8 >> 1))
#### shift counts
echo $((1 << 62)) $((1 << 63)) $((1 << 64)) $((1 << 65))
#### overflow wraps
echo $((9223372036854775807 + 1)) $((-9223372036854775807 - 2)) $((9223372036854775807 * 2))
echo $((-9223372036854775808)) $((9223372036854775808))
#### smallest number divided
echo $((-9223372036854775807 - 1))
echo $(((-9223372036854775807 - 1) / -1)) $(((-9223372036854775807 - 1) % -1))
#### assignment operators
x=10
echo $((x += 5)) $((x -= 3)) $((x *= 2)) $((x /= 5)) $((x %= 3)) $x
x=6
echo $((x <<= 2)) $((x >>= 1)) $((x |= 3)) $((x &= 6)) $((x ^= 5)) $x
#### increments
x=5
echo $((x++)) $x $((++x)) $x $((x--)) $x $((--x)) $x
#### increments glued
x=3 y=2
echo $((x+++y)) $x $y
echo $((x---y)) $x $y
echo $((x + +y)) $((x - -y)) $((- - x)) $((-+-x))
#### double sign before a number
echo $((--3)) $((++3)) $((- -3))
echo $((1 - --2))
#### comma
echo $((1, 2, 3)) $((x = 1, y = x + 1, x + y)) $x $y
#### ternary
echo $((1 ? 2 : 3)) $((0 ? 2 : 3)) $((1 ? 0 ? 4 : 5 : 6)) $((0 ? 1 : 0 ? 2 : 3))
x=5
echo $((x > 3 ? x : -x)) $((x < 3 ? x : -x))
#### variables with and without dollar
x=3 y=4
echo $((x * y)) $(($x * $y)) $((${x} + y)) $((x$y))
#### unset and empty variables are zero
unset u; e=
echo $((u + 1)) $((e + 2)) $(($e + 3)) $((u)) $(())
#### variables holding expressions
a=1+2 b=a*2 c='b + 1'
echo $((a)) $((b)) $((c)) $((a * 2)) $(($a * 2))
#### recursive names
a=b b=c c=7
echo $((a)) $((a + 1))
#### endless recursion is an error
a=b b=a
( echo $((a)) ) 2>&1 | sed 's/(error token.*//'
( echo $((a)) ) 2>/dev/null; echo $?
#### spaces and newlines
echo $((1+
2)) $((   4   )) $((	5	))
x=$((
  1 +
  2
))
echo $x
#### nested
echo $(( $((1 + 1)) * $(echo 3) )) $((1 + (2 * (3 + (4)))))
#### command substitution inside
echo $(($(echo 2) + `echo 3`)) $(( $(echo '4 * 5') ))
#### parameter expansions inside
s=12345 a=(1 2 3)
echo $((${#s} + 1)) $((${s:1:2} * 2)) $((${#a[@]} - 1)) $((${none:-9} + 1))
#### array elements
a=(5 10 15) i=1
echo $((a[0] + a[1])) $((a[i])) $((a[i + 1])) $((a[-1])) $((a[i]++)) ${a[1]} $((a))
a[9]=9
echo $((a[9] + a[8]))
#### assigning elements
: $((b[2] = 7)) $((b[0] += 3))
echo "${b[0]}" "${b[2]}" "${!b[@]}"
#### associative elements
declare -A m=([x]=3 [y]=4)
echo $((m[x] * m[y])) $((m[x] += 2)) ${m[x]}
k=y
echo $((m[$k])) $((m[none]))
#### quotes inside
echo $(("3" + 4)) "$((1 + "2"))"
#### division by zero
( echo $((1 / 0)) ) 2>&1
echo $?
( echo $((1 % 0)) ) 2>&1
echo $?
#### syntax errors
( echo $((1 +)) ) 2>&1
echo $?
( echo $((1 2)) ) 2>&1
echo $?
( echo $((* 3)) ) 2>&1
echo $?
#### bad assignment target
( echo $((1 = 2)) ) 2>&1
( echo $((x + 1 = 2)) ) 2>&1
echo $?
#### invalid number
( echo $((12abc)) ) 2>&1
( echo $((08)) ) 2>&1
( echo $((0x)) ) 2>&1
echo end
#### a failing expansion ends the command only
x=$((1 / 0)) 2>/dev/null
echo "the next line runs, x is <$x>"
#### a string value in arithmetic
x=hello
echo $((x))
x='3 apples'
( echo $((x)) ) 2>&1
#### missing parenthesis
( eval 'echo $(( (1 + 2 ))' ) 2>/dev/null; echo $?
( echo $(( 1 ? 2 )) ) 2>&1
#### old style brackets
echo $[1 + 2] $[3*4]
x=5
echo $[x - 1]
#### assignment returns the value
echo $((x = 5)) $x $((y = x = 7)) $x $y
#### readonly in arithmetic
readonly R=5
( echo $((R + 1)); echo $((R = 6)) ) 2>&1
echo $?
#### integer attribute evaluates
declare -i n
n=2+3; echo $n
n+=4; echo $n
n='n * 2'; echo $n
n=abc; echo $n
#### side effects order
x=1
echo $((x + x++ + x)) $x
x=1
echo $((x++ + ++x)) $x
#### hexadecimal and octal in sums
echo $((0x10 + 010 + 2#11)) $((0xff)) $((0XFF))
#### negative zero and minus signs
x=-5
echo $((x)) $((-x)) $((- x)) $((3 - x)) $((3-x)) $((3 -$x)) $((0))
#### the result in a word
echo a$((1+1))b "$((2*2))"c x{$((1)),$((2))}
#### double parenthesis that are subshells
echo $( (echo a; echo b) | tr -d '\n')
echo $((echo nested) | cat) 2>/dev/null
#### gcd and fibonacci
gcd() { local a=$1 b=$2 t; while ((b)); do t=$((a % b)) a=$b b=$t; done; echo $a; }
gcd 1071 462
a=0 b=1
for i in {1..50}; do t=$((a + b)) a=$b b=$t; done; echo $a
#### primes with a sieve
n=60
for ((i = 2; i <= n; i++)); do
  if ((!s[i])); then printf '%s ' $i; for ((j = i * i; j <= n; j += i)); do s[j]=1; done; fi
done; echo
#### integer square root
n=1234567890 x=$n
while ((y = (x + n / x) / 2, y < x)); do x=$y; done
echo $x
#### fixed point
a=314159 b=271828 s=100000
p=$((a * b / s))
printf '%d.%05d\n' $((p / s)) $((p % s))
#### arithmetic with positional
set -- 4 5
echo $(($1 * $2)) $(($# + 1))
