import { describe, expect, test } from 'vitest';
import { sqlDestructive } from '../../../policies/detect/sql.ts';
import { change, keysOf, link, QUICK_MS, unread } from './change.ts';

const added = (text: string, path = 'db/1.sql') =>
  keysOf(sqlDestructive, [change(path, null, text)]);

describe('statements that take something away', () => {
  test.each([
    ['DROP TABLE users;', 'drop: drop table users'],
    ['drop table if exists "Users" cascade', 'drop: drop table if exists "Users" cascade'],
    ['DROP DATABASE shop;', 'drop: drop database shop'],
    ['DROP MATERIALIZED VIEW totals;', 'drop: drop materialized view totals'],
    ['DROP WAREHOUSE w;', 'drop: drop warehouse w'],
    ['ALTER TABLE users DROP email;', 'drop: alter table users drop email'],
    ['ALTER TABLE users DROP COLUMN email;', 'drop: alter table users drop column email'],
    ['ALTER TABLE a ALTER b DROP NOT NULL;', 'drop: alter table a alter b drop not null'],
    ['TRUNCATE users;', 'truncate: truncate users'],
    ['TRUNCATE TABLE a, b;', 'truncate: truncate table a, b'],
    ['DELETE FROM users;', 'delete-without-where: delete from users'],
    ['DELETE users', 'delete-without-where: delete users'],
    ['DELETE FROM a USING b', 'delete-without-where: delete from a using b'],
    ['DELETE FROM users WHERE 1=1', 'delete-without-where: delete from users where 1 = 1'],
    ['DELETE FROM users WHERE true', 'delete-without-where: delete from users where true'],
    ['UPDATE users SET a = 1', 'update-without-where: update users set a = 1'],
    [
      'UPDATE a SET b = (SELECT c FROM d WHERE d.id = a.id)',
      'update-without-where: update a set b = (select c from d where d.id = a.id)',
    ],
    ['ALTER TABLE a RENAME TO b', 'rename: alter table a rename to b'],
    ['ALTER TABLE a RENAME COLUMN b TO c', 'rename: alter table a rename column b to c'],
    ['RENAME TABLE a TO b', 'rename: rename table a to b'],
    ["EXEC sp_rename 'a.b', 'c'", "rename: exec sp_rename 'a.b', 'c'"],
    ['ALTER TABLE a CHANGE b c int', 'rename: alter table a change b c int'],
    ['ALTER TABLE a ADD b int NOT NULL', 'not-null: alter table a add b int not null'],
    ['ALTER TABLE a ADD (b int NOT NULL)', 'not-null: alter table a add (b int not null)'],
    ['ALTER TABLE a ALTER b SET NOT NULL', 'not-null: alter table a alter b set not null'],
    [
      'ALTER TABLE a ADD b int DEFAULT 0 NOT NULL, ADD c int NOT NULL',
      'not-null: alter table a add b int default 0 not null, add c int not null',
    ],
    ['WITH gone AS (DELETE FROM a RETURNING *) SELECT 1 WHERE true', null],
    // SQL Server needs no semicolon, so the condition is that of another statement.
    ['DELETE FROM a\nSELECT * FROM b WHERE id = 1', null],
    ['IF 1 = 1 DROP TABLE a', null],
    ['BEGIN DELETE a END', null],
    ['CREATE FUNCTION f() RETURNS void AS $$ BEGIN DROP TABLE a; END $$ LANGUAGE plpgsql', null],
    ['DO $body$ BEGIN TRUNCATE a; END $body$', null],
    ["DO $$ BEGIN EXECUTE 'DROP TABLE ' || name; END $$", null],
    ["PREPARE s FROM 'DROP TABLE a'", null],
  ])('%s', (text, key) => {
    const keys = added(text);
    expect(keys).toHaveLength(1);
    if (key !== null) expect(keys).toEqual([key]);
  });

  test.each([
    'CREATE TABLE a (id int NOT NULL, drop_count int)',
    'SELECT * FROM a WHERE b IS NOT NULL',
    'DELETE FROM a WHERE id = 1',
    'DELETE FROM a WHERE id IN (SELECT id FROM b)',
    'UPDATE a SET b = 1 WHERE id = 1',
    'UPDATE a SET b = b + 1 FROM c WHERE c.id = a.id',
    'INSERT INTO a VALUES (1) ON CONFLICT (id) DO UPDATE SET b = 1',
    'INSERT INTO a VALUES (1) ON DUPLICATE KEY UPDATE b = 1',
    'ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES c ON DELETE CASCADE ON UPDATE SET NULL',
    'CREATE TABLE a (t timestamp ON UPDATE CURRENT_TIMESTAMP, c text CHARACTER SET utf8)',
    'CREATE TRIGGER t AFTER UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f()',
    'CREATE TRIGGER t BEFORE TRUNCATE ON a EXECUTE FUNCTION f()',
    'CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW SET NEW.b = 1',
    'GRANT SELECT, UPDATE, DELETE, TRUNCATE ON a TO b',
    'REVOKE DELETE ON a FROM b',
    'SELECT * FROM a FOR UPDATE',
    'CREATE TEMP TABLE a (b int) ON COMMIT DROP',
    'SELECT truncate(1.5, 1)',
    'ALTER TABLE a ADD b int NOT NULL DEFAULT 0',
    'ALTER TABLE a ADD b int GENERATED ALWAYS AS IDENTITY NOT NULL',
    'ALTER TABLE a ADD CONSTRAINT c CHECK (b IS NOT NULL)',
    'ALTER TABLE a CHANGE b b bigint',
    'ALTER TABLE a ADD b int',
    'CREATE POLICY p ON a FOR DELETE USING (true)',
  ])('not %s', (text) => {
    expect(added(text)).toEqual([]);
  });
});

describe('comments and strings', () => {
  test.each([
    '-- DROP TABLE a;\nSELECT 1;',
    '--DROP TABLE a;\nSELECT 1;',
    '/* DROP TABLE a; */ SELECT 1;',
    '/* /* nested */ */ SELECT 1 /* */;',
    "INSERT INTO a VALUES ('DROP TABLE a; it''s');",
    "SELECT E'it\\'s; DROP TABLE a;';",
    "SELECT $$DROP TABLE a$$, $q$; DROP TABLE a; it's $q$;",
    'SELECT "DROP TABLE a; " FROM `drop`;',
    'DR/**/OP TABLE a;',
    'SELECT 1 AS "drop"; SELECT 1 AS "table";',
    '\u{feff}SELECT 1;',
  ])('never fire: %s', (text) => {
    expect(added(text)).toEqual([]);
  });

  test.each([
    ['a comment between words', 'DROP/**/TABLE a;'],
    ['a comment that ends early', 'DROP -- \nTABLE a;'],
    ['letter case and line ends', 'dRoP\r\n\tTaBlE a;'],
    ['no comment where a string holds its mark', "SELECT '--'; DROP TABLE a;"],
    ['no comment where a name holds its mark', 'SELECT "/*"; DROP TABLE a; SELECT "*/";'],
    ['a backslash that escapes nothing', "SELECT '\\'; DROP TABLE a; --'"],
    ['a backslash that escapes', "SELECT '\\''; DROP TABLE a; -- '"],
    ['a comment that does not nest', '/* /* */ DROP TABLE a; /* */ SELECT 1; */'],
    ['a comment that nests', "/* /* */ ' */ DROP TABLE a; --'"],
    ['a comment that MySQL runs', '/*!50000 DROP TABLE a */;'],
    ['two minus signs that are a sum', 'SELECT 1--1; DROP TABLE a;'],
    ['a mark of comments that others take for an operator', "SELECT 1 # '\n; DROP TABLE a; # '"],
    ['names in brackets', "SELECT 1 AS [']; DROP TABLE a; SELECT 1 AS [']"],
    ['strings of Oracle', "SELECT q'[']' FROM b; DROP TABLE a; SELECT q'[']' FROM b;"],
    ['dollar signs that are a name', 'SELECT 1 AS $$; DROP TABLE a; SELECT 1 AS $$;'],
    ['another end of statements', 'DELIMITER $$\nSELECT 1 $$\nDROP TABLE a $$\nDELIMITER ;'],
    ['a string that ends after the statement', "DROP TABLE a; SELECT '\\'; SELECT ''"],
  ])('hide nothing: %s', (_, text) => {
    expect(added(text)).toContainEqual(expect.stringContaining('drop table a'));
  });

  test.each([
    ['a string that never ends', "SELECT 'abc; DROP TABLE a;"],
    ['a comment that never ends', 'SELECT 1; /* DROP TABLE a;'],
    ['a dollar quote that never ends', "SELECT 'it' || $$ it's"],
  ])('%s is not looked at, so it fires', (_, text) => {
    expect(added(text)).toEqual(['unreadable']);
  });
});

describe('both sides', () => {
  test('a statement that was there before, in whatever form, says nothing', () => {
    const before = 'DROP TABLE a; SELECT 1;';
    const after = 'SELECT 1;\n\n-- moved\ndrop   table /* now */ a;\nSELECT 2;';
    expect(keysOf(sqlDestructive, [change('a.sql', before, after)])).toEqual([]);
  });

  test('the same statement once more is one more', () => {
    const [before, after] = ['DELETE FROM a;', 'DELETE FROM a;\nDELETE FROM a;'];
    const files = [change('a.sql', before, after)];
    expect(keysOf(sqlDestructive, files)).toEqual(['delete-without-where: delete from a']);
    const [firing] = sqlDestructive.detect({ files, all: files, roots: [] }, {});
    expect(firing?.line).toBe(2);
  });

  test('a file that is gone takes no data away', () => {
    expect(keysOf(sqlDestructive, [change('a.sql', 'DROP TABLE a', null)])).toEqual([]);
  });

  test('what nobody read fires, and so does a link', () => {
    expect(keysOf(sqlDestructive, [change('a.sql', null, unread)])).toEqual(['unreadable']);
    expect(keysOf(sqlDestructive, [change('a.sql', unread, 'SELECT 1')])).toEqual(['unreadable']);
    expect(keysOf(sqlDestructive, [change('a.sql', '', link('b.sql'))])).toEqual(['unreadable']);
  });

  test('a mode that changes says nothing of a file that cannot be read', () => {
    const file = change('a.sql', unread, unread);
    const executable = { ...file, after: file.before && { ...file.before, mode: '100755' } };
    expect(keysOf(sqlDestructive, [executable])).toEqual([]);
  });

  test('a hundred findings are enough', () => {
    const text = Array.from({ length: 150 }, (_, index) => `DROP TABLE t${index};`).join('\n');
    expect(added(text)).toHaveLength(100);
  });

  test('a key is at most 200 characters long, and long ones stay apart', () => {
    const long = (last: string) => `DROP TABLE ${'a'.repeat(300)}${last};`;
    const [key = '', other = ''] = added(long('b') + long('c'));
    expect(key.length).toBeLessThanOrEqual(200);
    expect(key).not.toBe(other);
  });

  test('nothing in a key or message can hide', () => {
    const file = change('a.sql', null, 'DROP TABLE "a\u{202e}\u{0}b";');
    expect(keysOf(sqlDestructive, [file])).toEqual(['drop: drop table "a\\u{202e}\\u{0}b"']);
  });
});

describe('migrations that are programs', () => {
  test.each([
    ['db/migrations/1.ts', "await db.query('DROP TABLE users');", 'drop: drop table users'],
    [
      'db/migrations/1.ts',
      `await sql\`DELETE FROM $\{table}\`;`,
      'delete-without-where: delete from $ { table }',
    ],
    ['db/migrations/1.js', "db.query('DROP ' +\n  'TABLE users');", 'drop: drop table users'],
    ['db/migrations/1.js', "db.query('\\u0044ROP TABLE users');", 'drop: drop table users'],
    ['db/migrations/1.ts', "knex.schema.dropTable('users')", "call: dropTable('users')"],
    ['db/migrations/1.ts', "knex.schema['dropTable']('users')", "call: dropTable']('users')"],
    ['db/migrations/1.ts', "t.renameColumn('a', 'b');", "call: renameColumn('a', 'b');"],
    ['db/migrations/1.ts', "const q = /'/; t.dropColumn('a'); // '", "call: dropColumn('a');"],
    ['db/migrations/1.ts', "const q = /[/*]/; t.dropColumn('a'); // */", "call: dropColumn('a');"],
    ['db/migrations/1.py', "op.execute('''DROP TABLE a''')", 'drop: drop table a'],
    ['db/migrations/1.py', "op.drop_column('a', 'b')", "call: drop_column('a', 'b')"],
    ['db/migrations/1.py', "migrations.RemoveField('a', 'b')", "call: RemoveField('a', 'b')"],
    ['db/migrations/1.py', 'op.execute("DROP " f"TABLE {name}")', 'drop: drop table { name }'],
    ['db/migrations/1.rb', 'remove_column :users, :email', 'call: remove_column :users, :email'],
    ['db/migrations/1.rb', 'drop_table "users"', 'call: drop_table "users"'],
    ['db/migrations/1.rb', 'execute <<~SQL\n  TRUNCATE users\nSQL\n', 'truncate: truncate users'],
    ['db/migrations/1.php', "Schema::drop('users');", "call: drop('users');"],
    ['db/migrations/1.go', 'db.Exec(`DROP TABLE a`)', 'drop: drop table a'],
    ['db/migrations/1.SQL', 'DROP TABLE a', 'drop: drop table a'],
  ])('%s: %s', (path, text, key) => {
    expect(added(text, path)).toEqual([key]);
  });

  test.each([
    ['db/migrations/1.ts', "// knex.schema.dropTable('users')\n/* 'DROP TABLE a' */"],
    ['db/migrations/1.py', "# op.drop_table('users')\n"],
    ['db/migrations/1.ts', "log('please drop the old ones'); const dropdown = isDropped(a);"],
    ['db/migrations/1.ts', "const url = 'http://a'; const b = { renamed: true };"],
    ['db/migrations/1.ts', "knex('a').where('id', 1).del(); log('it does not delete from it');"],
    ['db/migrations/README.md', 'Never DROP TABLE.'],
    ['db/migrations/1.rb', 'add_column :users, :drop, :string # drop_table :users'],
  ])('not %s: %s', (path, text) => {
    expect(added(text, path)).toEqual([]);
  });

  test.each([
    ['db/migrations/1.ts', 'const a = `DROP'],
    ['db/migrations/1.py', "a = '''DROP"],
    ['db/migrations/1.ts', '/* DROP'],
    ['db/migrations/1.rb', "a = 'DROP"],
  ])('what never ends fires: %s', (path, text) => {
    expect(added(text, path)).toEqual(['unreadable']);
  });

  test('a line is that of the file', () => {
    const file = change(
      'migrations/1.ts',
      null,
      "/* a\n b */\ndb.query(`\n DROP TABLE a`);\n\nt.dropColumn('a')",
    );
    const found = sqlDestructive.detect({ files: [file], all: [], roots: [] }, {});
    expect(found.map(({ line }) => line)).toEqual([4, 6]);
  });
});

describe('texts made to take long', () => {
  test.each([
    ['a.sql', 'delete from a (', 0.5],
    ['a.sql', 'drop a ', 0.25],
    ['a.sql', 'alter a not null default ', 0.25],
    ['a.sql', 'update a set ', 0.25],
    ['a.sql', '/* ', 1],
    ['a.sql', "'\\'", 0.25],
    ['a.sql', '$a$ ', 0.25],
    ['a.sql', '[', 0.25],
    ['migrations/a.ts', '"\\"', 0.25],
    ['migrations/a.ts', '=/[(', 0.25],
    ['migrations/a.ts', '`${', 1],
    ['migrations/a.ts', 'drop(', 1],
    ['migrations/a.rb', '<<A ', 1],
    ['migrations/a.rb', "drop 'a' ", 0.25],
  ])('%s of %j, %d MiB', (path, piece, mebibytes) => {
    const text = piece.repeat((mebibytes * (1 << 20)) / piece.length);
    const started = performance.now();
    added(text, path);
    expect(performance.now() - started).toBeLessThan(QUICK_MS);
  });
});
