#!/bin/sh
# Copies what one image holds: select-service.sh SERVICE SOURCE TARGET
set -eu
service=$1 source=$2 target=$3

case $service in
  gateway | identity | intake | approval | certificate | supervision) ;;
  *) echo "select-service.sh: unknown service '$service'" >&2 && exit 64 ;;
esac

mkdir -p "$target/services"
cp "$source/services/__init__.py" "$target/services/"
cp -R "$source/services/kernel" "$source/services/chassis" "$target/services/"
cp -R "$source/contracts" "$target/"
if [ "$service" = gateway ]; then
  cp -R "$source/gateway" "$target/"
  module=gateway
else
  cp -R "$source/services/$service" "$target/services/"
  module=services.$service
fi
printf '#!/bin/sh\nexec python -m %s "$@"\n' "$module" > "$target/run"
chmod 0755 "$target/run"
