#### lists
echo a{b,c,d}e {x,y} pre{1,2}post
#### nested
echo a{b{1,2},c}d {{a,b},{c,d}} {a,{b,{c,d}}}
#### products
echo {a,b}{1,2} {x,y}-{1,2}-{p,q}
#### numbers
echo {1..5} {5..1} {-2..2} {0..0} {3..3}
#### padded numbers
echo {01..05} {1..010} {-05..5} {008..010}
#### steps
echo {1..10..2} {10..1..3} {1..10..-2} {0..5..0} {1..3..5}
#### letters
echo {a..e} {e..a} {a..i..2} {X..b}
#### not expansions
echo {a} {} {a..} {1..} {..1} {a,b {1..2.5} a{b c}d {1...3}
#### an empty item
echo a{,b} {,a}b x{,}y
printf '<%s>' a{,,}; echo
printf '<%s>' {,} ; echo
#### quotes
echo "{a,b}" '{a,b}' \{a,b} {a\,b} {a","b} {'a,b',c} "a"{b,c}
printf '<%s>' {"a b",c}; echo
#### escapes
echo {a\,b,c} \{a,b\} {a,b\} a\{b,c}
#### mixed types are not a range
echo {1..a} {a..1} {aa..bb} {1..z}
#### variables are not expanded before
n=3
echo {1..$n}
eval "echo {1..$n}"
a=1
echo {$a,$n} x{$a,y}
#### in assignments there are none
x={a,b}
echo $x
x=a{1,2}
echo "$x"
#### in arrays
a=({1..3} x{a,b})
echo ${#a[@]} ${a[@]}
#### command substitution in braces
echo {$(echo a),$(echo b c)}
echo $(echo {1,2}) "$(echo {1,2})"
#### before globbing
touch a1 b1
echo {a,b}* {a,z}1 {a,z}*
#### in paths
mkdir -p p/{src,doc/{api,man}}
find p | sort
echo p/{src,doc}/
#### in redirection is ambiguous
echo hi > {a,b} 2>/dev/null; echo $?
#### in loops
for i in {1..3}{a,b}; do printf '%s ' $i; done; echo
#### in double brackets and case there are none
[[ '{a,b}' == {a,b} ]] && echo same
case '{a,b}' in {a,b}) echo lit;; esac
#### parameter expansion is no brace expansion
x=5
echo ${x}{a,b} {${x},y} ${x:-{a,b}}
#### dollar brace right before
echo ${x-a}{1,2} $x{1,2}
#### set +B
set +B
echo {a,b} {1..3}
set -B
echo {a,b}
#### backups idiom
touch file
cp file{,.bak}
ls
mv file{.bak,.old}
ls
#### large range
set -- {1..10000}
echo $# ${10000}
#### reverse letters and steps
echo {z..t..2} {A..E} {e..A..20}
#### signs
echo {+1..+3} {-1..-3} {-10..10..5}
#### deep nesting with ranges
echo {a,b{1..3},c} {1,{2..4},9}
#### unbalanced
echo {a,b}} {{a,b} a{b,c}d} {a,b
echo }{a,b
#### empty braces with others
echo {}{a,b} a{} {} x{}y
#### comma and ranges together
echo {1..3,5} {a..c,x}
#### spaces break it
printf '<%s>' {a, b}; echo
printf '<%s>' {a,' b'}; echo
#### tilde in braces
echo {~,x} ~/{a,b}
#### arithmetic in braces
echo {$((1+1)),3} $(({1,2})) 2>/dev/null
echo next
#### assignment-looking words
echo a={1,2} --opt={x,y}
#### export with braces
export V{1,2}=z 2>/dev/null
echo "$V1 $V2"
#### characters between the cases
echo {Y..c} | od -An -c | tr -s ' '
#### zero padding keeps sign
echo {-01..2} {1..-02} {0001..3}
#### big numbers
echo {9223372036854775805..9223372036854775807}
