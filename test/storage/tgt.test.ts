import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, it } from 'node:test';

import { TgtServer, whyNoTgt } from './tgt.js';

void describe('the target that tests use', { skip: whyNoTgt() }, () => {
  void it('starts, and starts again on its port', async () => {
    const server = await TgtServer.start({
      luns: 2,
      chap: { user: 'guest', password: 'secret-of-12' },
    });
    try {
      for (let round = 0; round < 2; round++) {
        const socket = connect(server.port, '127.0.0.1');
        await once(socket, 'connect');
        socket.destroy();
        const shown = await server.admin('--op', 'show', '--mode', 'target');
        assert.match(shown, /LUN: 2/);
        assert.match(shown, /guest/);
        await server.kill();
        await server.restart();
      }
    } finally {
      await server.stop();
    }
  });
});
