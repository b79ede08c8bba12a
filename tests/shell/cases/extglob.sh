#### optional
shopt -s extglob
for w in color colour colouur; do case $w in colo?(u)r) echo yes;; *) echo no;; esac; done
#### zero or more
shopt -s extglob
for w in '' ab abab aba; do [[ $w == *(ab) ]] && echo "yes '$w'" || echo "no '$w'"; done
#### one or more
shopt -s extglob
for w in '' 1 123 12a; do [[ $w == +([0-9]) ]] && echo "num '$w'" || echo "not '$w'"; done
#### exactly one
shopt -s extglob
for w in a.c a.h a.o a.; do case $w in *.@(c|h)) echo "$w src";; *) echo "$w no";; esac; done
#### not
shopt -s extglob
for w in foo bar foobar ''; do [[ $w == !(foo) ]] && echo "yes '$w'" || echo "no '$w'"; done
#### file names
shopt -s extglob
touch a.c b.h c.o d.txt e
echo *.@(c|h)
echo !(*.c|*.h)
echo ?(e)
echo +([a-d]).*
echo !(*.*)
#### nested
shopt -s extglob
for w in ab aab abb cd abcd x; do [[ $w == +(a|b|@(c|d)) ]] && echo "$w y" || echo "$w n"; done
#### with quotes
shopt -s extglob
[[ 'a|b' == @('a|b'|c) ]] && echo lit
[[ a == @('a|b'|c) ]] || echo no
x='a|c'
[[ a == @($x) ]] && echo var || echo novar
[[ a == @("$x") ]] && echo qvar || echo noqvar
#### in substitution
shopt -s extglob
s='aaa111bbb'
echo ${s//+([0-9])/-} ${s/+(a)/A} ${s//@(a|b)/.} ${s//!(x)/y}
#### in removal
shopt -s extglob
s='   trim me   '
s=${s##+([[:space:]])}; s=${s%%+([[:space:]])}
echo "<$s>"
p=a/b///
echo ${p%%+(/)}
#### in case with alternatives
shopt -s extglob
f() { case $1 in -@(h|-help)) echo help;; --+([a-z])=*) echo "opt ${1%%=*}";; -*) echo short;; *) echo arg;; esac; }
f -h; f --help; f --name=x; f -z; f plain
#### double brackets always know extglob
shopt -u extglob
[[ foo == @(foo|bar) ]] && echo yes
[[ aaa == +(a) ]] && echo yes
#### off outside of double brackets
shopt -u extglob
eval 'case "@(a|b)" in *) echo ok;; esac'
eval 'echo @(a|b)' 2>/dev/null; echo $?
#### numbers and signs
shopt -s extglob
for n in 5 -5 +5 5.5 -5.25 . 5. abc ''; do
  case $n in ?([-+])+([0-9])?(.*([0-9]))) echo "'$n' number";; *) echo "'$n' not";; esac
done
#### alternatives with empty
shopt -s extglob
for w in ab axb ab1; do [[ $w == a@(|x)b?(1) ]] && echo "$w y"; done
#### not in the middle
shopt -s extglob
for w in ab acb adb axyb; do [[ $w == a!(c|d)b ]] && echo "$w y" || echo "$w n"; done
#### negation with suffix
shopt -s extglob
for f in a.txt a.bak b.txt.bak; do [[ $f == !(*.bak) ]] && echo keep $f || echo skip $f; done
#### hidden files with extglob
shopt -s extglob
touch .x .y z
echo !(z) 
echo .@(x|y)
echo @(.x|z)
#### globs with folders
shopt -s extglob
mkdir -p src/a src/b doc; touch src/a/f src/b/g doc/h
echo @(src|doc)/*
echo src/!(a)/*
#### deletion idiom
shopt -s extglob
touch keep1 keep2 x y
rm !(keep*)
ls
#### greedy removal
shopt -s extglob
s=foofoobar
echo ${s#+(foo)} ${s##+(foo)} ${s#*(foo)} ${s##*(foo)}
#### split of a version
shopt -s extglob
for v in 1.2.3 v1.2 1.x; do [[ $v == ?(v)+([0-9])*(.+([0-9])) ]] && echo "$v ok" || echo "$v bad"; done
#### classes in alternatives
shopt -s extglob
[[ 'A1_' == +([[:alpha:]]|[[:digit:]]|_) ]] && echo ident
[[ '1-' == +([[:alpha:]]|[[:digit:]]|_) ]] || echo no
#### backtracking
shopt -s extglob
[[ aaaaaaaaaaaaaaaaaaaab == +(a|aa)b ]] && echo yes
[[ aaaaaaaaaaab == *(a)*(a)*(a)c ]] || echo no
#### escapes
shopt -s extglob
[[ 'a)b' == @(a\)b|c) ]] && echo paren
[[ 'a|b' == @(a\|b) ]] && echo bar
[[ '(x)' == \(+(x)\) ]] && echo outer
#### in arrays and for
shopt -s extglob
touch 1.log 2.log 3.txt
a=(*.@(log))
echo ${#a[@]}
for f in !(*.log); do echo $f; done
#### nullglob with extglob
shopt -s extglob nullglob
echo x @(none1|none2) y
#### pattern in a variable for file names
shopt -s extglob
touch aa ab ba
p='a@(a|b)'
echo $p
p='!(a*)'
echo $p
