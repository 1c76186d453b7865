import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { VmftError } from '../../src/base/errors.js';
import { parseHostConfig, readHostConfig } from '../../src/host/config.js';

const file = '/etc/vmft/host.toml';
const least = `
name = "a"
listen = "127.0.0.1:7400"
state = "/var/lib/vmft"
socket = "/run/vmft/host.sock"
`;
const onNetwork = least.replace('127.0.0.1', '10.0.1.1');

function fault(text: string): string {
  try {
    parseHostConfig(text, file);
  } catch (error) {
    assert(error instanceof VmftError);
    assert.equal(error.code, 'config-unusable');
    return error.message;
  }
  return 'taken';
}

void describe('the configuration file', () => {
  test('the whole of it', () => {
    const config = parseHostConfig(
      `${onNetwork}
memory = "16G"
arbiter = "file:/shared/vmft"
bridge = "br0"
labels = { rack = "1" }
[tls]
ca = "pki/ca.crt"
cert = "/etc/vmft/a.crt"
key = "/etc/vmft/a.key"
[[peers]]
name = "b"
address = "10.0.1.2:7400"
`,
      file,
    );
    assert.deepEqual(config, {
      file,
      name: 'a',
      listen: { host: '10.0.1.1', port: 7400 },
      state: '/var/lib/vmft',
      socket: '/run/vmft/host.sock',
      memoryBytes: 16 * 2 ** 30,
      arbiter: 'file:/shared/vmft',
      bridge: 'br0',
      labels: { rack: '1' },
      tls: {
        authorityFile: '/etc/vmft/pki/ca.crt',
        certificateFile: '/etc/vmft/a.crt',
        keyFile: '/etc/vmft/a.key',
      },
      peers: [{ name: 'b', address: { host: '10.0.1.2', port: 7400 } }],
    });
  });

  test('the least of it', () => {
    const config = parseHostConfig(least, file);
    assert.deepEqual(config.peers, []);
    assert.equal(config.bridge, null);
    assert(config.memoryBytes >= 0);
  });

  test('plain on a network only where that is said', () => {
    assert.match(fault(onNetwork), /tls is missing/);
    assert.equal(fault(`insecure = true\n${onNetwork}`), 'taken');
  });

  const wrong: readonly [string, string, RegExp][] = [
    ['no name', least.replace('name = "a"', ''), /: name is missing$/],
    ['an unknown field', `nmae = "b"\n${least}`, /: nmae is not known$/],
    [
      'an unknown field of TLS',
      `${onNetwork}[tls]\nca="a"\ncert="b"\nkey="c"\ncrl="d"`,
      /: tls\.crl is not known$/,
    ],
    ['half of TLS', `${onNetwork}[tls]\nca = "a"\ncert = "b"`, /: tls\.key is missing$/],
    ['a wrong type', least.replace('"a"', '7'), /: name .*string/],
    ['no port', least.replace('127.0.0.1:7400', '127.0.0.1'), /: listen .*not an address/],
    ['any address', least.replace('127.0.0.1', '0.0.0.0'), /: listen must be the address/],
    ['a name to listen on', least.replace('127.0.0.1', 'localhost'), /: listen must be an IP/],
    ['port 0', least.replace(':7400', ':0'), /: listen needs a port/],
    ['a size without a unit', `memory = "16"\n${least}`, /: memory must be a size/],
    ['no URL', `arbiter = "/shared"\n${least}`, /: arbiter must be/],
    [
      'itself as a peer',
      `${least}[[peers]]\nname = "a"\naddress = "h:1"`,
      /: peers\[0\]\.name "a" is this host$/,
    ],
    [
      'a peer twice',
      `${least}[[peers]]\nname = "b"\naddress = "h:1"\n[[peers]]\nname = "b"\naddress = "i:1"`,
      /: peers\[1\]\.name "b" is there twice$/,
    ],
    [
      'a peer without an address',
      `${least}[[peers]]\nname = "b"`,
      /: peers\[0\]\.address is missing$/,
    ],
    [
      'a state folder too deep for sockets',
      least.replace('/var/lib/vmft', `/${'x'.repeat(90)}`),
      /: state is longer/,
    ],
    ['no TOML', `name = \n${least}`, /host\.toml, line 1: /],
  ];
  for (const [what, text, message] of wrong) {
    test(`refused: ${what}`, () => {
      const line = fault(text);
      assert.match(line, message);
      assert(line.startsWith(file), line);
      assert(!line.includes('\n'));
    });
  }

  test('a file that is not there', () => {
    assert.throws(() => readHostConfig('/nowhere/host.toml'), /cannot read .*no such file/);
  });
});
