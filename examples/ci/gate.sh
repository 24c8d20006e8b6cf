#!/bin/sh
# The gate in any CI: validate two images, then check whether they may be deployed. Exit code 0 means: deploy.
#
#   TECHNOGATE_SIGNING_KEY="$(cat technogate.key)" sh gate.sh techno-os-console:1.2 techno-os-backend:1.2
#
# The private key is a secret of the CI; the public key (TRUSTED_KEY) may be in the repository. Only `technogate sign`
# gets it, in a process that never starts a program. Where your CI has jobs, give each of the three steps a job of its
# own, as github-actions.yml does: then nothing that was validated ever ran on the machine that has the key.
# `technogate keygen --out FOLDER` creates both. When your backend has other commands than the reference, set TARGET to
# your target file, a copy of images/compose.toml. With POLICY_REF=origin/main the policy of the protected branch decides,
# deploy-policy.toml, in place of the key and the strict defaults: `technogate policy new` writes one.
set -eu

CONSOLE_IMAGE=${1:?name the image of the console, with its tag}
BACKEND_IMAGE=${2:?name the image of the backend, with its tag}
TARGET=${TARGET:-compose}
REPORTS=${REPORTS:-reports}
TRUSTED_KEY=${TRUSTED_KEY:-technogate.pub}
export CONSOLE_IMAGE BACKEND_IMAGE
SIGNING_KEY=${TECHNOGATE_SIGNING_KEY:?the private key, as text}
unset TECHNOGATE_SIGNING_KEY

# Anything but PASS ends here, with the exit code of the validation: 1 FAIL, 2 usage error, 3 INCONCLUSIVE.
technogate validate --target "$TARGET" --reports "$REPORTS"

export TECHNOGATE_SIGNING_KEY="$SIGNING_KEY"
technogate sign "$REPORTS"

# The deployment needs only the public key. It may run on another machine that has the same images.
unset TECHNOGATE_SIGNING_KEY
if [ -n "${POLICY_REF:-}" ]; then set -- --policy-ref "$POLICY_REF"; else set -- --key "$TRUSTED_KEY"; fi
# It prints the digests to deploy: a tag can be moved to another image afterwards.
technogate deploy-check \
    --console "$CONSOLE_IMAGE" \
    --backend "$BACKEND_IMAGE" \
    --evidence "$REPORTS/evidence.dsse.json" \
    "$@"
