// libpq, loaded when a ledger is in PostgreSQL. Include it in place of <libpq-fe.h>.
#pragma once

#include <libpq-fe.h>

#include "base/lazy_library.h"

namespace latecomer::ledger {

inline constinit LazyLibrary libpq("libpq.so.5");

LATECOMER_LAZY_FUNCTION(libpq, PQclear);
LATECOMER_LAZY_FUNCTION(libpq, PQcmdStatus);
LATECOMER_LAZY_FUNCTION(libpq, PQconndefaults);
LATECOMER_LAZY_FUNCTION(libpq, PQconnectdbParams);
LATECOMER_LAZY_FUNCTION(libpq, PQconnectionNeedsPassword);
LATECOMER_LAZY_FUNCTION(libpq, PQconninfoFree);
LATECOMER_LAZY_FUNCTION(libpq, PQconninfoParse);
LATECOMER_LAZY_FUNCTION(libpq, PQconsumeInput);
LATECOMER_LAZY_FUNCTION(libpq, PQenterPipelineMode);
LATECOMER_LAZY_FUNCTION(libpq, PQerrorMessage);
LATECOMER_LAZY_FUNCTION(libpq, PQescapeLiteral);
LATECOMER_LAZY_FUNCTION(libpq, PQexec);
LATECOMER_LAZY_FUNCTION(libpq, PQexecPrepared);
LATECOMER_LAZY_FUNCTION(libpq, PQexitPipelineMode);
LATECOMER_LAZY_FUNCTION(libpq, PQfinish);
LATECOMER_LAZY_FUNCTION(libpq, PQfname);
LATECOMER_LAZY_FUNCTION(libpq, PQfreemem);
LATECOMER_LAZY_FUNCTION(libpq, PQftype);
LATECOMER_LAZY_FUNCTION(libpq, PQgetResult);
LATECOMER_LAZY_FUNCTION(libpq, PQgetisnull);
LATECOMER_LAZY_FUNCTION(libpq, PQgetlength);
LATECOMER_LAZY_FUNCTION(libpq, PQgetvalue);
LATECOMER_LAZY_FUNCTION(libpq, PQnfields);
LATECOMER_LAZY_FUNCTION(libpq, PQnotifies);
LATECOMER_LAZY_FUNCTION(libpq, PQntuples);
LATECOMER_LAZY_FUNCTION(libpq, PQpipelineSync);
LATECOMER_LAZY_FUNCTION(libpq, PQprepare);
LATECOMER_LAZY_FUNCTION(libpq, PQresultErrorField);
LATECOMER_LAZY_FUNCTION(libpq, PQresultStatus);
LATECOMER_LAZY_FUNCTION(libpq, PQsendQuery);
LATECOMER_LAZY_FUNCTION(libpq, PQsendQueryParams);
LATECOMER_LAZY_FUNCTION(libpq, PQsendQueryPrepared);
LATECOMER_LAZY_FUNCTION(libpq, PQserverVersion);
LATECOMER_LAZY_FUNCTION(libpq, PQsetNoticeReceiver);
LATECOMER_LAZY_FUNCTION(libpq, PQsetSingleRowMode);
LATECOMER_LAZY_FUNCTION(libpq, PQsocket);
LATECOMER_LAZY_FUNCTION(libpq, PQstatus);
LATECOMER_LAZY_FUNCTION(libpq, PQtransactionStatus);

}  // namespace latecomer::ledger
