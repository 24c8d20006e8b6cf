#!/bin/sh
# A contract against its version on the base branch, in any CI. Exit code 0 means: the folder has no problem, and each
# change that breaks a console or a backend is accepted by an entry of its changes.toml.
#
#   sh contract-diff.sh contracts/console-v0.1 origin/main
#
# The base branch must have been fetched. With SUMMARY the list of changes is written to that file too, as Markdown.
set -eu

CONTRACT=${1:?name the folder of the contract, from the top of the repository}
BASE=${2:-origin/main}

# 1 a problem, 2 usage error: both end here.
technogate contract lint "$CONTRACT"

# A base that is not there ends here; one without the folder has nothing to compare with.
git rev-parse --quiet --verify "$BASE^{commit}" > /dev/null || { echo "there is no $BASE; fetch it" >&2; exit 2; }
found=$(git ls-tree --name-only "$BASE" -- "$CONTRACT")
if [ -z "$found" ]; then
    echo "$CONTRACT is new: $BASE does not have it"
    exit 0
fi

old=$(mktemp -d)
trap 'rm -rf "$old"' EXIT
git archive --output "$old/base.tar" "$BASE" -- "$CONTRACT"
tar -xf "$old/base.tar" -C "$old"

code=0
technogate contract diff "$old/$CONTRACT" "$CONTRACT" || code=$?
if [ -n "${SUMMARY:-}" ] && [ "$code" -lt 2 ]; then
    technogate contract diff "$old/$CONTRACT" "$CONTRACT" --format markdown --out "$SUMMARY" > /dev/null || true
fi
exit "$code"
