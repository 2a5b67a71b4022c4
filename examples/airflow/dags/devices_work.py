"""The work of the examples, without a cluster: counts devices by type and version with delta-rs.

What matters for any engine: read at the version of the claim, replace one partition in one commit, and let that commit
carry the claim's token.
"""


def count_devices(claim: dict) -> str:
    """Counts the claimed day as it was at the pinned version; returns what it did, for the log and XCom."""
    from deltalake import CommitProperties, DeltaTable, QueryBuilder, Transaction, write_deltalake

    day, source, output = claim['partition']['event_time'], claim['sources']['devices'], claim['outputs'][0]
    devices = DeltaTable(source['table'], version=source['version'])
    counted = QueryBuilder().register('devices', devices).execute(
        f"SELECT type, version, count(*) AS devices, event_time FROM devices WHERE event_time = '{day}' "
        'GROUP BY type, version, event_time ORDER BY type, version').read_all()
    if DeltaTable.is_deltatable(output['table']):
        written = DeltaTable(output['table']).transaction_version(output['txn_app_id'])
        if written is not None and written >= output['txn_version']:
            raise ValueError(f'{output["table"]} has a commit of claim {written}; this is claim {output["txn_version"]}')
    write_deltalake(output['table'], counted, mode='overwrite', predicate=f"event_time = '{day}'",
                    partition_by=['event_time'], commit_properties=CommitProperties(
                        app_transactions=[Transaction(output['txn_app_id'], output['txn_version'])]))
    return f'{day} at version {source["version"]}: {counted.num_rows} groups'
