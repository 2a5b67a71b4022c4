// libpq, loaded when a ledger is in PostgreSQL. Include it in place of <libpq-fe.h>.
#pragma once

#include <libpq-fe.h>

#include "base/lazy_library.h"

namespace latecomer::ledger {

inline constinit LazyLibrary libpq("libpq.so.5");

#define LATECOMER_PQ(name)                                \
  inline constinit LazyFunction<decltype(&::name)> name { \
    libpq, #name                                          \
  }
LATECOMER_PQ(PQclear);
LATECOMER_PQ(PQcmdStatus);
LATECOMER_PQ(PQconndefaults);
LATECOMER_PQ(PQconnectdbParams);
LATECOMER_PQ(PQconnectionNeedsPassword);
LATECOMER_PQ(PQconninfoFree);
LATECOMER_PQ(PQconninfoParse);
LATECOMER_PQ(PQconsumeInput);
LATECOMER_PQ(PQenterPipelineMode);
LATECOMER_PQ(PQerrorMessage);
LATECOMER_PQ(PQescapeLiteral);
LATECOMER_PQ(PQexec);
LATECOMER_PQ(PQexecPrepared);
LATECOMER_PQ(PQexitPipelineMode);
LATECOMER_PQ(PQfinish);
LATECOMER_PQ(PQfname);
LATECOMER_PQ(PQfreemem);
LATECOMER_PQ(PQftype);
LATECOMER_PQ(PQgetResult);
LATECOMER_PQ(PQgetisnull);
LATECOMER_PQ(PQgetlength);
LATECOMER_PQ(PQgetvalue);
LATECOMER_PQ(PQnfields);
LATECOMER_PQ(PQnotifies);
LATECOMER_PQ(PQntuples);
LATECOMER_PQ(PQpipelineSync);
LATECOMER_PQ(PQprepare);
LATECOMER_PQ(PQresultErrorField);
LATECOMER_PQ(PQresultStatus);
LATECOMER_PQ(PQsendQuery);
LATECOMER_PQ(PQsendQueryParams);
LATECOMER_PQ(PQsendQueryPrepared);
LATECOMER_PQ(PQserverVersion);
LATECOMER_PQ(PQsetNoticeReceiver);
LATECOMER_PQ(PQsetSingleRowMode);
LATECOMER_PQ(PQsocket);
LATECOMER_PQ(PQstatus);
LATECOMER_PQ(PQtransactionStatus);
#undef LATECOMER_PQ

}  // namespace latecomer::ledger
