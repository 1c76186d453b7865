# Counts what expressions match in a file; Perl tells how often, and how much.
use strict;
use warnings;

my @expressions = (
  [ address => qr/\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b/ ],
  [ mail => qr/[\w.+-]+@[\w-]+\.[\w.-]+/ ],
  [ link => qr{\w+://[^/\s?#]+[^\s?#]+(?:\?[^\s#]*)?(?:#\S*)?} ],
  [ comment => qr{/\*(?:[^*]|\*(?!/))*\*/} ],
  [ text => qr/"(?:[^"\\\n]|\\.)*"/ ],
  [ number => qr/\b(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)[uUlL]*\b/ ],
  [ macro => qr/^[ \t]*#[ \t]*define[ \t]+(\w+)(?:\(([^)]*)\))?/m ],
  [ call => qr/\b(\w+)\s*\(((?:[^()]|\([^()]*\))*)\)/ ],
  [ twice => qr/\b(\w{3,})\b(?=[^\n]{0,40}\b\1\b)/ ],
  [ camel => qr/\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b/ ],
);

my ($path) = @ARGV;
open my $file, '<:raw', $path or die "$path: $!";
my $text = do { local $/; <$file> };
for (@expressions) {
  my ($name, $expression) = @$_;
  my ($count, $bytes) = (0, 0);
  while ($text =~ /$expression/g) {
    $count++;
    $bytes += $+[0] - $-[0];
  }
  print "$name $count $bytes\n";
}
my %words;
$words{ lc $1 }++ while $text =~ /([A-Za-z_]\w*)/g;
my @common = sort { $words{$b} <=> $words{$a} || $a cmp $b } keys %words;
print "$_ $words{$_}\n" for @common[ 0 .. ($#common < 40 ? $#common : 40) ];
(my $changed = $text) =~ s/\b(\w)(\w*)\b/\U$1\E$2/g;
print length($changed), ' ', unpack('%32C*', $changed), "\n";
