#!/bin/sh
# Copies what one image holds: select-service.sh SERVICE SOURCE TARGET
set -eu
service=$1 source=$2 target=$3

mkdir -p "$target/services"
cp "$source/services/__init__.py" "$target/services/"
cp -R "$source/services/kernel" "$source/services/chassis" "$target/services/"
cp -R "$source/contracts" "$target/"
if [ "$service" = gateway ]; then
  cp -R "$source/gateway" "$target/"
  module=gateway
else
  # an unknown or empty name fails here
  test -f "$source/services/$service/__main__.py"
  cp -R "$source/services/$service" "$target/services/"
  module=services.$service
fi
printf '#!/bin/sh\nexec python -m %s "$@"\n' "$module" > "$target/run"
chmod 0755 "$target/run"
