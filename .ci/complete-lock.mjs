// Completes a package-lock.json after an `npm install`: node .ci/complete-lock.mjs [file]. A native package
// names one optional package per platform. npm leaves out of the lock those that it could not see
// when the lock was made (a mirror that serves some platforms only; npm/cli#4828), and `npm ci`
// then refuses the lock on every platform. Versions are the exact ones the parent asks for; the
// platform is in the name. There is no checksum to record for a package nobody has seen: npm adds
// it when it installs the package.
import { readFileSync, writeFileSync } from 'node:fs';

const file = process.argv[2] ?? new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
const added = [];

for (const [path, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    // The layouts npm makes for a package that only its parent asks for: beside it or below it.
    const beside = `node_modules/${name}`;
    if (lock.packages[beside] || lock.packages[`${path}/${beside}`]) continue;
    const platform =
      /-(?<os>android|darwin|freebsd|linux|openharmony|win32)-(?<cpu>\w+)(-(?<abi>gnu|musl|\w+))?$/.exec(
        name,
      );
    if (!platform || !/^\d/.test(version))
      throw new Error(`${path} wants ${name}@${version}: which platform is that?`);
    const { os, cpu, abi } = platform.groups;
    const libc = { gnu: ['glibc'], musl: ['musl'] }[os === 'linux' ? abi : ''];
    lock.packages[beside] = {
      version,
      cpu: [cpu],
      dev: parent.dev,
      ...(libc && { libc }),
      optional: true,
      os: [os],
    };
    added.push(name);
  }
}

lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')),
);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added.length} added`, ...added);
